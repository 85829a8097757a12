"""Background work: jobs that one process at a time runs and another can resume, and preparations."""
