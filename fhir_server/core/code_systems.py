"""URIs of code systems that HL7 does not publish. The one of UCUM is in `core.ucum`.

https://hl7.org/fhir/R4/terminologies-systems.html
"""

LOINC = "http://loinc.org"
SNOMED_CT = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
