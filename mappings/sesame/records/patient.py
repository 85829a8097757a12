"""patient: a person, with the traits of the French identity and what other systems call them.

https://hl7.org/fhir/R4/patient.html and https://hl7.fr/ig/fhir/core (2.2.0)
"""

from fhir_server.conversion.kinds import Each, Number, Word, day, foreign_day, line
from fhir_server.conversion.table import Field, Part, Table
from mappings.sesame.checks.identity import NIA
from mappings.sesame.guide import Guide
from mappings.sesame.identifiers import FR_CORE, FR_TYPES, INS_NIR_TEST, NIR
from mappings.sesame.records import names
from mappings.sesame.records.words import GENDERS, foreign
from mappings.sesame.resources.patient import BIRTH_PLACE, COMMUNE, IDENTITY_STATUS
