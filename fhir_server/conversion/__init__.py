"""Native records and FHIR resources: two views of one truth, each made from the other by one table."""
