"""The native records of SÉSAME, for software without FHIR, one table each."""
