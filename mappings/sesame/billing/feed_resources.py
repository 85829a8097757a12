"""Partial decoding of stored resources for the billing feed, which returns their bytes unchanged.

https://hl7.org/fhir/R4/claim.html
"""

from collections.abc import Iterator

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from mappings.sesame.pathway.reading import target

SUBSETTED = Raw(
    b'{"tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]}'
)


class _Coding(Struct, frozen=True):
    system: str = ""
    code: str = ""


class _Concept(Struct, frozen=True):
    coding: tuple[_Coding, ...] = ()


class _Reference(Struct, frozen=True):
    reference: str = ""


class _Insurance(Struct, frozen=True):
    coverage: _Reference = _Reference()


class FeedClaim(Struct, frozen=True, rename="camel"):
    """The elements of a Claim that the feed needs."""

    status: str = ""
    sub_type: _Concept = _Concept()
    patient: _Reference = _Reference()
    insurance: tuple[_Insurance, ...] = ()
    insurer: _Reference = _Reference()

    def is_of(self, system: str, code: str) -> bool:
        """Whether the claim's subType has this code."""
        return any(coding.system == system and coding.code == code for coding in self.sub_type.coding)

    def partners(self) -> Iterator[tuple[str, str]]:
        """Type and id of the patient, the coverages and the insurer."""
        named = [("Patient", self.patient), *(("Coverage", one.coverage) for one in self.insurance)]
        for type, reference in (*named, ("Organization", self.insurer)):
            if id := target({"reference": reference.reference}, type):
                yield type, id


class _Person(Struct, rename="camel"):
    """The elements of a Patient that billing needs; the claim itself holds the social security number."""

    resource_type: Raw
    id: Raw
    name: Raw | UnsetType = UNSET
    gender: Raw | UnsetType = UNSET
    birth_date: Raw | UnsetType = UNSET
    meta: Raw = SUBSETTED


_claims = msgspec.json.Decoder(FeedClaim)
_people = msgspec.json.Decoder(_Person)
_encoder = msgspec.json.Encoder()


def decode_feed_claim(body: bytes) -> FeedClaim:
    """Decode what the feed needs of a stored Claim."""
    return _claims.decode(body)


def minimal_feed_patient(body: bytes) -> bytes:
    """A stored Patient reduced to what billing needs, tagged SUBSETTED."""
    person = _people.decode(body)
    person.meta = SUBSETTED
    return _encoder.encode(person)
