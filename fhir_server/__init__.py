"""The FHIR R4 engine: generic, and ignorant of any care programme."""
