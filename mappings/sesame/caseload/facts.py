"""The few facts that lists and measures take from a resource; the resource itself is not kept.

Days are those of Paris, in whatever zone the resource states its times. Everything else is an id or a code.
"""

from dataclasses import dataclass
from datetime import date

from fhir_server.core.json import Number


@dataclass(frozen=True, slots=True)
class Person:
    """A patient, as a nurse knows the person. `merged` are the Patients that this one says it is one with."""

    name: str
    birth_date: str
    gender: str | None
    merged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Episode:
    """A stay in the programme. `nurse` is a PractitionerRole, `site` the site that the episode itself names.
    `flagged` when the team asked for a case review.
    """

    id: str
    patient: str
    number: str
    status: str
    start: date
    end: date | None
    nurse: str | None
    site: str | None
    carrier: str | None
    referral: str | None
    exit_reason: str | None
    flagged: bool

    def is_open_on(self, day: date) -> bool:
        if self.end is None:
            return self.start <= day and self.status != "finished"
        return self.start <= day < self.end


@dataclass(frozen=True, slots=True)
class Visit:
    """A finished encounter: initial-assessment, nurse-contact or case-review. `modality` is its class."""

    episode: str | None
    kind: str
    modality: str
    day: date


@dataclass(frozen=True, slots=True)
class Decision:
    """That a patient was informed of purposes and did not object or consented (`permit`), or the contrary.
    `moment` is the date as written, None where there is none.
    """

    purposes: frozenset[str]
    moment: str | None
    permit: bool


@dataclass(frozen=True, slots=True)
class Score:
    """The total of a scale, by its code, of LOINC or of the guide; `moment` tells two of a day apart, in
    microseconds.
    """

    scale: str
    day: date
    moment: int
    value: int


@dataclass(frozen=True, slots=True)
class Review:
    """What was found about this patient, as a case review ends with; a review without it does not count.
    `visit` is the encounter at which it was found.
    """

    day: date
    visit: str | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """A risk not to lose sight of, from its first day to the day that it was lifted."""

    start: date | None
    end: date | None
    active: bool

    def holds_on(self, day: date) -> bool:
        begun = self.start is None or self.start <= day
        return begun and (day < self.end if self.end else self.active)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence of care."""

    id: str
    episode: str | None
    number: str
    track: str
    rank: int
    start: date
    end: date
    status: str


@dataclass(frozen=True, slots=True)
class Team:
    """Who cares for the patient: the psychiatrists, as PractitionerRoles."""

    psychiatrists: tuple[str, ...]
    start: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class Referral:
    """The Task of a referral. `owner` is the nurse who has it, `requester` the doctor: PractitionerRoles."""

    id: str
    request: str | None
    status: str
    day: date
    owner: str | None
    requester: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim of a sequence."""

    id: str
    status: str
    forfait: str
    start: date
    amount: Number


@dataclass(frozen=True, slots=True)
class Role:
    """A professional's role at a site."""

    organization: str | None


@dataclass(frozen=True, slots=True)
class Site:
    """A site and the département that it lies in."""

    name: str
    department: str | None


@dataclass(frozen=True, slots=True)
class Answers:
    """A satisfaction questionnaire that a patient filled in; it names nobody."""

    day: date


Fact = (
    Person
    | Episode
    | Visit
    | Decision
    | Score
    | Review
    | Alert
    | Sequence
    | Team
    | Referral
    | Claim
    | Role
    | Site
    | Answers
)
