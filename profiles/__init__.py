"""SÉSAME profiles, questionnaires and search parameters, as data."""
