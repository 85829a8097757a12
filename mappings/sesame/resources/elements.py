"""Elements that several builders share: profile claims, tags, names, amounts.

https://hl7.org/fhir/R4/datatypes.html
"""

from fhir_server.core.json import Number
from mappings.sesame.guide import Guide, Resource

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"


def resource(type: str, profile: str | None = None) -> Resource:
    """The beginning of a resource that claims a profile."""
    return {"resourceType": type} | ({"meta": {"profile": [profile]}} if profile else {})


def present(**members: object) -> Resource:
    """The members that have a value."""
    return {name: value for name, value in members.items() if value not in (None, [], {}, "")}


def synthetic(guide: Guide, resource: Resource) -> Resource:
    """The resource marked as made up: no real person is described."""
    tags = [
        guide.coding("sesame-tag", "synthetic-data"),
        {"system": ACT_REASON, "code": "HTEST", "display": "test health data"},
    ]
    meta = resource.get("meta", {}) | {"tag": tags}
    return {"resourceType": resource["resourceType"], "meta": meta} | {
        name: value for name, value in resource.items() if name not in ("resourceType", "meta")
    }


def concept(system: str, code: str, text: str | None = None) -> Resource:
    """A CodeableConcept with one code."""
    return {"coding": [{"system": system, "code": code}]} | present(text=text)


def human_name(family: str, given: str, prefix: str | None = None) -> Resource:
    """A HumanName, the official one."""
    return {"use": "official", "family": family, "given": [given]} | ({"prefix": [prefix]} if prefix else {})


def euros(amount: Number) -> Resource:
    """A Money, the amount with the digits it was given."""
    return {"value": amount, "currency": "EUR"}


def period(start: str | None, end: str | None = None) -> Resource:
    """A Period; its end is included."""
    return present(start=start, end=end)


def tagged_as(source: Resource, made: Resource) -> Resource:
    """`made` with the tags of what it was made from, which may say that nobody real is described."""
    tags = source.get("meta", {}).get("tag")
    return made | {"meta": made.get("meta", {}) | {"tag": tags}} if tags else made
