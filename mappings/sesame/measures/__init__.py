"""The indicators of the guide's Measures, counted from the caseload, and the objectives on record."""
