"""The claim of a sequence: one forfait, one line, no clinical data.

https://hl7.org/fhir/R4/claim.html
"""

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.resources.elements import concept, euros, period, present, resource
from mappings.sesame.tariff import Price

HL7 = "http://terminology.hl7.org/CodeSystem"


def claim(
    guide: Guide,
    *,
    identifier: Resource,
    price: Price,
    rank: int,
    patient: Resource,
    start: str,
    end: str,
    created: str,
    insurer: Resource,
    provider: Resource,
    referral: Resource,
    care_plan: Resource,
    site: Resource | None,
    coverage: Resource,
    prior: Resource | None = None,
    replaced: Resource | None = None,
) -> Resource:
    """An active Claim. `referral`, `care_plan` and `site` are identifiers, the other parties references;
    `prior` is the claim of the sequence that this one renews, `replaced` the cancelled one that it corrects.
    """
    return resource("Claim", guide.profile("sesame-claim")) | present(
        identifier=[identifier],
        status="active",
        type=concept(f"{HL7}/claim-type", "professional"),
        subType=guide.concept("sesame-claim-subtype", "forfait-article-51"),
        use="claim",
        patient=patient,
        billablePeriod=period(start, end),
        created=created,
        insurer=insurer,
        provider=provider,
        priority=concept(f"{HL7}/processpriority", "normal"),
        related=[*_prior(prior), *_replaces(guide, replaced)],
        payee={"type": concept(f"{HL7}/payeetype", "provider")},
        referral={"type": "ServiceRequest", "identifier": referral},
        supportingInfo=_information(guide, rank, care_plan, site),
        insurance=[{"sequence": 1, "focal": True, "coverage": coverage}],
        item=[_line(guide, price, start, end)],
        total=euros(price.amount),
    )


def _line(guide: Guide, price: Price, start: str, end: str) -> Resource:
    return {
        "sequence": 1,
        "productOrService": guide.concept("sesame-forfait", price.forfait),
        "servicedPeriod": period(start, end),
        "quantity": {"value": 1},
        "unitPrice": euros(price.amount),
        "net": euros(price.amount),
    }


def _prior(claim: Resource | None) -> list[Resource]:
    relationship = concept(f"{HL7}/ex-relatedclaimrelationship", "prior")
    return [{"claim": claim, "relationship": relationship}] if claim else []


def _replaces(guide: Guide, claim: Resource | None) -> list[Resource]:
    relationship = guide.concept("sesame-claim-relationship", "replaces")
    return [{"claim": claim, "relationship": relationship}] if claim else []


def _information(guide: Guide, rank: int, care_plan: Resource, site: Resource | None) -> list[Resource]:
    values: list[tuple[str, Resource]] = [
        ("sequence-rank", {"valueQuantity": {"value": rank}}),
        ("care-plan", {"valueReference": {"type": "CarePlan", "identifier": care_plan}}),
    ]
    if site:
        values.append(("site", {"valueReference": {"type": "Organization", "identifier": site}}))
    return [
        {"sequence": place, "category": guide.concept("sesame-claim-information", category)} | value
        for place, (category, value) in enumerate(values, start=1)
    ]
