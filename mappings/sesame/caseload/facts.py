"""The facts that lists and measures take from resources; the resources themselves are not kept.

Days are those of Paris, whatever time zone the resource uses. Everything else is an id or a code.
"""

from dataclasses import dataclass
from datetime import date

from fhir_server.core.json import Number


@dataclass(frozen=True, slots=True)
class Person:
    """A patient. `merged` are the ids of the Patients that this one is linked to as a duplicate."""

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
    """A patient's decision on some purposes, from a Consent. `permit`: informed and not opposed, or
    consenting. `moment` is the date as written, or None.
    """

    purposes: frozenset[str]
    moment: str | None
    permit: bool


@dataclass(frozen=True, slots=True)
class Score:
    """The total of a scale, which is a code of LOINC or of the guide; `moment` is in microseconds and orders
    the scores of one day.
    """

    scale: str
    day: date
    moment: int
    value: int


@dataclass(frozen=True, slots=True)
class Review:
    """The recommendation of a case review; a review without one does not count. `visit` is its Encounter."""

    day: date
    visit: str | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """A suicide risk, from its first day to the day on which it was lifted."""

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
    """A care team: the ids of the psychiatrists' PractitionerRoles, and its period."""

    psychiatrists: tuple[str, ...]
    start: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class Referral:
    """The Task of a referral. `owner` is the nurse, `requester` the doctor: ids of PractitionerRoles."""

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
    """A satisfaction questionnaire that a patient filled in anonymously."""

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
