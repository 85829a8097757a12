"""A health professional and the role held at a site, as fr-core-practitioner writes them.

https://hl7.org/fhir/R4/practitioner.html
"""

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.identifiers import NOS, numbered, rpps
from mappings.sesame.resources.elements import concept, human_name, resource

PROFESSION = f"{NOS}/TRE_G15-ProfessionSante/FHIR/TRE-G15-ProfessionSante"
SPECIALTY = f"{NOS}/TRE_R38-SpecialiteOrdinale/FHIR/TRE-R38-SpecialiteOrdinale"

# SÉSAME role -> profession, specialty. A general practitioner may also bear SM26 or SM53.
PROFESSIONS = {
    "medecin-generaliste": ("10", "SM54"),
    "psychiatre": ("10", "SM42"),
    "ide": ("60", None),
}


def practitioner(*, number: str, family: str, given: str, role: str) -> Resource:
    """A Practitioner under the RPPS `number`; `role` is a code of sesame-role."""
    profession, _ = PROFESSIONS[role]
    prefix = "DR" if profession == "10" else None
    return resource("Practitioner") | {
        "identifier": [rpps(number)],
        "active": True,
        "name": [human_name(family, given, prefix=prefix)],
        "qualification": [{"code": concept(PROFESSION, profession)}],
    }


def practitioner_role(
    guide: Guide, *, number: str, site: str, role: str, practitioner: Resource, organization: Resource
) -> Resource:
    """A PractitionerRole: the RPPS `number` at the FINESS `site`, in the SÉSAME role `role`."""
    _, specialty = PROFESSIONS[role]
    found = resource("PractitionerRole") | {
        "identifier": [numbered(guide, "practitioner-role", f"{number}-{site}-{role}")],
        "active": True,
        "practitioner": practitioner,
        "organization": organization,
        "code": [guide.concept("sesame-role", role)],
    }
    return found | ({"specialty": [concept(SPECIALTY, specialty)]} if specialty else {})
