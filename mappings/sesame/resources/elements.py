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
    """The members that are not empty."""
    return {name: value for name, value in members.items() if value not in (None, [], {}, "")}


def synthetic(guide: Guide, resource: Resource) -> Resource:
    """The resource tagged as synthetic data: it describes no real person."""
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
    """An official HumanName."""
    return {"use": "official", "family": family, "given": [given]} | ({"prefix": [prefix]} if prefix else {})


def euros(amount: Number) -> Resource:
    """A Money in euros; the amount keeps its digits."""
    return {"value": amount, "currency": "EUR"}


def period(start: str | None, end: str | None = None) -> Resource:
    """A Period; its end is included."""
    return present(start=start, end=end)


def tagged_as(source: Resource, made: Resource) -> Resource:
    """`made` with the tags of its source, which may mark synthetic data."""
    tags = source.get("meta", {}).get("tag")
    return made | {"meta": made.get("meta", {}) | {"tag": tags}} if tags else made
