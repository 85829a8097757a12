"""A site, the association that carries SÉSAME, or an insurer.

https://hl7.org/fhir/R4/organization.html
"""

from mappings.sesame.guide import Resource
from mappings.sesame.resources.elements import concept, resource

ORGANIZATION_TYPE = "http://terminology.hl7.org/CodeSystem/organization-type"


def organization(*, identifier: Resource, name: str, kind: str) -> Resource:
    """An Organization; `kind` is `prov` for a care provider, `pay` for an insurer."""
    return resource("Organization") | {
        "identifier": [identifier],
        "active": True,
        "type": [concept(ORGANIZATION_TYPE, kind)],
        "name": name,
    }
