"""The RESTful interactions of FHIR R4, one module each, free of any transport."""
