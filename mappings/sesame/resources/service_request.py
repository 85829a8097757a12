"""The referral of a patient by a general practitioner.

https://hl7.org/fhir/R4/servicerequest.html
"""

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.resources.elements import present, resource

ICD_10 = "https://smt.esante.gouv.fr/terminologie-cim-10"


def referral(
    guide: Guide,
    *,
    identifiers: list[Resource],
    patient: Resource,
    requester: Resource,
    authored_on: str,
    reason: tuple[str | None, str],
    psychiatric_follow_up: bool,
    supporting: list[Resource],
    coverage: Resource,
) -> Resource:
    """An active ServiceRequest; `reason` is a CIM-10 code, or None, and a text."""
    code, text = reason
    return resource("ServiceRequest", guide.profile("sesame-servicerequest-referral")) | present(
        extension=[
            {"url": guide.profile("sans-suivi-psychiatrique"), "valueBoolean": not psychiatric_follow_up}
        ],
        identifier=identifiers,
        status="active",
        intent="order",
        code=guide.concept("sesame-service", "soins-collaboratifs"),
        subject=patient,
        authoredOn=authored_on,
        requester=requester,
        reasonCode=[present(coding=[{"system": ICD_10, "code": code}] if code else None, text=text)],
        insurance=[coverage],
        supportingInfo=supporting,
    )
