"""A SÉSAME patient, who also satisfies fr-core-patient-ins 2.2.0.

https://hl7.org/fhir/R4/patient.html
"""

from dataclasses import dataclass

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.identifiers import FR_CORE, NOS
from mappings.sesame.resources.elements import human_name, resource

COMMUNE = f"{NOS}/TRE_R13-CommuneOM/FHIR/TRE-R13-CommuneOM"
IDENTITY_STATUS = f"{FR_CORE}/CodeSystem/fr-core-cs-v2-0445"
BIRTH_PLACE = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"


@dataclass(frozen=True, slots=True)
class Traits:
    """The five traits of a French identity; the birth date as YYYY-MM-DD, the birth place as its INSEE
    code and name."""

    family: str
    given: str
    gender: str
    birth_date: str
    birth_place: tuple[str, str]


def patient(guide: Guide, *, identifiers: list[Resource], traits: Traits) -> Resource:
    """An active Patient whose identity is validated (status VALI)."""
    name = human_name(traits.family, traits.given)
    name["extension"] = [_extension("fr-core-patient-birth-list-given-name", valueString=traits.given)]
    return resource("Patient", guide.profile("sesame-patient")) | {
        "extension": [_reliability(), _birth_place(*traits.birth_place)],
        "identifier": identifiers,
        "active": True,
        "name": [name],
        "gender": traits.gender,
        "birthDate": traits.birth_date,
    }


def _reliability() -> Resource:
    status = {"url": "identityStatus", "valueCoding": {"system": IDENTITY_STATUS, "code": "VALI"}}
    return _extension("fr-core-identity-reliability", extension=[status])


def _birth_place(insee: str, name: str) -> Resource:
    code = _extension("fr-core-address-insee-code", valueCoding={"system": COMMUNE, "code": insee})
    return {"url": BIRTH_PLACE, "valueAddress": {"extension": [code], "city": name}}


def _extension(id: str, **value: object) -> Resource:
    return {"url": f"{FR_CORE}/StructureDefinition/{id}"} | value
