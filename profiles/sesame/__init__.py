"""The SÉSAME guide's profiles, questionnaires and search parameters, as JSON."""
