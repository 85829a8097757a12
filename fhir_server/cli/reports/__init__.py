"""Reports of verdicts, for people and for CI tools."""
