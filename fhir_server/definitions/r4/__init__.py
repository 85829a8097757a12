"""The facts of FHIR R4 (4.0.1), compiled from HL7's own package; `provenance.json` says from which."""
