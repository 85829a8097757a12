"""The indicators of the guide's Measures, computed from the caseload, and the objectives on record."""
