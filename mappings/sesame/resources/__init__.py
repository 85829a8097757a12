"""One pure builder per FHIR resource of the SÉSAME pathway: facts in, a plain dict out."""
