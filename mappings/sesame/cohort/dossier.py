"""The data shared by the resources of one synthetic patient: the course, the parties, the numbering."""

from dataclasses import dataclass
from datetime import date, datetime, time

from mappings.sesame import identifiers
from mappings.sesame.cohort.course import Course
from mappings.sesame.cohort.team import Team
from mappings.sesame.guide import Guide, Resource
from mappings.sesame.pathway.reading import PARIS
from mappings.sesame.scales import Scale

SOFTWARE = "https://logiciel-fictif.example"


@dataclass(frozen=True, slots=True)
class CohortContext:
    """What all dossiers of a cohort share: the guide, the team and the scales."""

    guide: Guide
    team: Team
    phq9: Scale
    gad7: Scale


@dataclass(frozen=True, slots=True)
class Party:
    """The people and organisations of one patient, as references; `nir` is the fictitious number with its
    key, `site` and `placer` are identifiers.
    """

    nir: str
    placer: Resource
    site: Resource
    patient: Resource
    coverage: Resource
    referral: Resource
    doctor: Resource
    nurse: Resource
    psychiatrist: Resource


@dataclass(frozen=True, slots=True)
class Dossier:
    """One patient's course and parties."""

    context: CohortContext
    course: Course
    party: Party

    @property
    def guide(self) -> Guide:
        return self.context.guide

    @property
    def track(self) -> str:
        """The track that the assessment decided."""
        return self.course.stage.track or ""

    def number(self, naming_system: str, *parts: str | int) -> Resource:
        """An identifier in one of the guide's naming systems: the patient's number followed by `parts`."""
        value = "-".join([f"{self.course.number:05}", *map(str, parts)])
        return identifiers.numbered(self.guide, naming_system, value)


def moment(day: date, hour: int, minute: int = 0) -> str:
    """A FHIR dateTime in Paris time."""
    return datetime.combine(day, time(hour, minute), PARIS).isoformat()
