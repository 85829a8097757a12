"""Conversion between native records and FHIR resources; one table describes both directions."""
