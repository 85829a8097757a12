"""The FHIR R4 engine, which is generic and knows no care programme."""
