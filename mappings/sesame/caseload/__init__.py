"""The caseload: what lists and measures have to know of every patient, kept up to date from the one clock."""
