"""The claim of a sequence: one forfait, one line, no clinical data.

https://hl7.org/fhir/R4/claim.html
"""

from dataclasses import dataclass

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.resources.elements import concept, euros, period, present, resource
from mappings.sesame.tariff import Price

HL7 = "http://terminology.hl7.org/CodeSystem"
FORFAIT = "forfait-article-51"
"""The `subType` of the programme's claims."""


@dataclass(frozen=True, slots=True)
class Service:
    """What is billed: a sequence, identified by its `care_plan` identifier, and its price."""

    care_plan: Resource
    rank: int
    start: str
    end: str
    price: Price


@dataclass(frozen=True, slots=True)
class Parties:
    """The patient, payer and payee of a claim as references; `referral` and `site` are identifiers."""

    patient: Resource
    coverage: Resource
    insurer: Resource
    provider: Resource
    referral: Resource
    site: Resource | None


def claim(
    guide: Guide,
    *,
    identifier: Resource,
    created: str,
    service: Service,
    parties: Parties,
    prior: Resource | None,
    replaced: Resource | None,
) -> Resource:
    """An active Claim; `prior` refers to the claim of the sequence that this one renews, `replaced` to the
    cancelled one that it corrects.
    """
    return resource("Claim", guide.profile("sesame-claim")) | present(
        identifier=[identifier],
        status="active",
        type=concept(f"{HL7}/claim-type", "professional"),
        subType=guide.concept("sesame-claim-subtype", FORFAIT),
        use="claim",
        patient=parties.patient,
        billablePeriod=period(service.start, service.end),
        created=created,
        insurer=parties.insurer,
        provider=parties.provider,
        priority=concept(f"{HL7}/processpriority", "normal"),
        related=[
            *_related(prior, concept(f"{HL7}/ex-relatedclaimrelationship", "prior")),
            *_related(replaced, guide.concept("sesame-claim-relationship", "replaces")),
        ],
        payee={"type": concept(f"{HL7}/payeetype", "provider")},
        referral={"type": "ServiceRequest", "identifier": parties.referral},
        supportingInfo=_information(guide, service, parties.site),
        insurance=[{"sequence": 1, "focal": True, "coverage": parties.coverage}],
        item=[_line(guide, service)],
        total=euros(service.price.amount),
    )


def _line(guide: Guide, service: Service) -> Resource:
    price = service.price
    return {
        "sequence": 1,
        "productOrService": guide.concept("sesame-forfait", price.forfait),
        "servicedPeriod": period(service.start, service.end),
        "quantity": {"value": 1},
        "unitPrice": euros(price.amount),
        "net": euros(price.amount),
    }


def _related(claim: Resource | None, relationship: Resource) -> list[Resource]:
    return [{"claim": claim, "relationship": relationship}] if claim else []


def _information(guide: Guide, service: Service, site: Resource | None) -> list[Resource]:
    values: list[tuple[str, Resource]] = [
        ("sequence-rank", {"valueQuantity": {"value": service.rank}}),
        ("care-plan", {"valueReference": {"type": "CarePlan", "identifier": service.care_plan}}),
    ]
    if site:
        values.append(("site", {"valueReference": {"type": "Organization", "identifier": site}}))
    return [
        {"sequence": place, "category": guide.concept("sesame-claim-information", category)} | value
        for place, (category, value) in enumerate(values, start=1)
    ]
