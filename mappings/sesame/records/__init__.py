"""The plain records in which software without FHIR speaks of SÉSAME, one table each."""
