"""Builds the claim of a sequence from the resources on record, or gives the reasons why there is none.

The identifier combines the numbers of the sequence and of the correction, so a retry finds the same claim.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from fhir_server.core.name_based_uuid import name_based_uuid
from fhir_server.extension import Resource
from fhir_server.issues import Text
from mappings.sesame import identifiers
from mappings.sesame.billing import messages
from mappings.sesame.billing.coverage import coverage_of
from mappings.sesame.guide import Guide
from mappings.sesame.pathway.reading import Records, day, find_referring, first, has_code, resolved
from mappings.sesame.pathway.referral import identifier_of_type
from mappings.sesame.pathway.sequence import Sequence, episode_of, sequence_of
from mappings.sesame.policy import Policy
from mappings.sesame.resources.claim import Parties, Service, claim
from mappings.sesame.resources.elements import tagged_as
from mappings.sesame.tariff import Price, price_on


@dataclass(frozen=True, slots=True)
class OnRecord:
    """The payer, the payee and the referral of a claim; None for what is not on record."""

    coverage: Resource | None
    carrier: Resource | None
    referral: Resource | None
    site: Resource | None


class Billing:
    """Builds claims according to the tariff and the policy."""

    def __init__(self, guide: Guide, policy: Policy, tariff: tuple[Price, ...]) -> None:
        self.guide = guide
        self.policy = policy
        self._tariff = tariff
        self._withdrawal = guide.coding("sesame-tag", "withdrawn")

    def number(self, sequence: Sequence, correction: int) -> str:
        """The identifier of the sequence's claim after `correction` corrections."""
        return f"{sequence.number}-{correction}"

    def id(self, sequence: Sequence, correction: int) -> str:
        """The logical id derived from that identifier."""
        system = self.guide.naming_system("claim")
        return name_based_uuid(f"{system}|{self.number(sequence, correction)}")

    def issued(self, sequence: Sequence, records: Records) -> list[Resource]:
        """All claims issued for the sequence, oldest first."""
        found: list[Resource] = []
        while one := records.get("Claim", self.id(sequence, len(found))):
            found.append(one)
        return found

    def withdraw(self, claim: Resource) -> Resource:
        """The claim cancelled and tagged as withdrawn by the server, because its sequence no longer counts.

        Unlike a claim that billing cancelled, it is issued again as soon as the sequence counts again.
        """
        tags = [*claim["meta"].get("tag", ()), self._withdrawal]
        return claim | {"status": "cancelled", "meta": claim["meta"] | {"tag": tags}}

    def is_withdrawn(self, claim: Resource) -> bool:
        """Whether the server withdrew the claim."""
        system, code = self._withdrawal["system"], self._withdrawal["code"]
        return has_code([{"coding": claim.get("meta", {}).get("tag", [])}], system, code)

    def claim(
        self, sequence: Sequence, records: Records, correction: int, replaced: Resource | None = None
    ) -> Resource | list[Text]:
        """The claim, or all the reasons why the sequence is not billed."""
        before = records.get("Claim", self.id(sequence, correction - 1)) if correction else None
        found = self._on_record(sequence, records, before)
        parties, price = _parties(sequence, found), self._price(sequence)
        reasons = [*self._obstacles(sequence, records, correction), *_missing_parties(found)]
        if price is None:
            reasons.append(messages.NO_TARIFF(forfait=sequence.track, day=sequence.start))
        if reasons or price is None or parties is None:
            return reasons
        made = claim(
            self.guide,
            identifier=identifiers.numbered(self.guide, "claim", self.number(sequence, correction)),
            created=(sequence.end if self.policy.claim_at == "end" else sequence.start).isoformat(),
            service=self._service(sequence, price),
            parties=parties,
            prior=self._prior(sequence, records),
            replaced=_reference(replaced),
        )
        return tagged_as(sequence.plan, made) | {"id": self.id(sequence, correction)}

    def _obstacles(self, sequence: Sequence, records: Records, correction: int) -> Iterator[Text]:
        if not sequence.counts:
            yield messages.NOT_COUNTED(status=sequence.status)
        elif sequence.status == "on-hold" and not correction:
            yield messages.ON_HOLD()
        elif self.policy.claim_at == "end":
            if not sequence.is_over:
                yield messages.NOT_OVER(status=sequence.status)
            found = len(self.contacts(sequence, records)) if self.policy.minimum_contacts else 0
            if found < self.policy.minimum_contacts:
                yield messages.TOO_FEW_CONTACTS(found=found, wanted=self.policy.minimum_contacts)

    def contacts(self, sequence: Sequence, records: Records) -> list[Resource]:
        """The finished nurse contacts with the patient during the sequence; attempts and reviews do not
        count.
        """
        kinds = self.guide.canonical("CodeSystem", "sesame-encounter-type")
        visits = find_referring(records, "Encounter", "patient", f"Patient/{sequence.patient}")
        return [
            visit
            for visit in visits
            if visit.get("status") == "finished"
            and has_code(visit.get("type", []), kinds, "nurse-contact")
            and (on := day(visit.get("period", {}).get("start"))) is not None
            and sequence.start <= on <= sequence.end
        ]

    def _price(self, sequence: Sequence) -> Price | None:
        try:
            return price_on(self._tariff, sequence.track, sequence.start)
        except LookupError:
            return None

    def _on_record(self, sequence: Sequence, records: Records, before: Resource | None) -> OnRecord:
        episode = episode_of(records, sequence) or {}
        referral = resolved(records, first(episode, "referralRequest"), "ServiceRequest")
        return OnRecord(
            coverage=coverage_of(sequence, records, before),
            carrier=episode.get("managingOrganization"),
            referral=_number_of(referral) if referral else None,
            site=_site(episode, records),
        )

    def _prior(self, sequence: Sequence, records: Records) -> Resource | None:
        """A Reference to the claim of the sequence that this one renews."""
        plan = records.get("CarePlan", sequence.previous) if sequence.previous else None
        previous = sequence_of(self.guide, plan)
        claims = self.issued(previous, records) if previous else []
        return _reference(claims[-1]) if claims else None

    def _service(self, sequence: Sequence, price: Price) -> Service:
        return Service(
            care_plan=identifiers.numbered(self.guide, "care-plan", sequence.number),
            rank=sequence.rank,
            start=sequence.start.isoformat(),
            end=sequence.end.isoformat(),
            price=price,
        )


def _parties(sequence: Sequence, found: OnRecord) -> Parties | None:
    """The parties as a claim states them; None while one is missing."""
    coverage = found.coverage
    if not coverage or not found.carrier or not found.referral:
        return None
    number = identifiers.social_security(coverage["subscriberId"])
    return Parties(
        patient={"reference": f"Patient/{sequence.patient}", "identifier": number},
        coverage={"reference": f"Coverage/{coverage['id']}"},
        insurer=coverage["payor"][0],
        provider=found.carrier,
        referral=found.referral,
        site=found.site,
    )


def _missing_parties(found: OnRecord) -> Iterator[Text]:
    if found.coverage is None:
        yield messages.NO_COVERAGE()
    if found.carrier is None:
        yield messages.NO_CARRIER()
    if found.referral is None:
        yield messages.NO_REFERRAL()


def _number_of(referral: Resource) -> Resource | None:
    """The identifier that the doctor's software gave to the referral."""
    return identifier_of_type(referral, "PLAC") or first(referral, "identifier")


def _site(episode: Resource, records: Records) -> Resource | None:
    """The identifier of the site at which the nurse of the episode works."""
    role = resolved(records, episode.get("careManager"), "PractitionerRole")
    site = resolved(records, (role or {}).get("organization"), "Organization")
    return first(site, "identifier")


def _reference(claim: Resource | None) -> Resource | None:
    return {"reference": f"Claim/{claim['id']}"} if claim else None
