"""The resources of an export, built only from the facts of the caseload.

No free text can get in: the resources hold pseudonyms, codes of the guide, numbers, and months.
"""

from collections.abc import Iterator
from datetime import date

from fhir_server.core.code_systems import LOINC
from fhir_server.extension import Resource
from mappings.sesame.caseload.caseload import PatientFacts
from mappings.sesame.caseload.episode_summary import SCALES
from mappings.sesame.caseload.facts import Episode, Person, Referral, Score, Sequence, Visit
from mappings.sesame.export.pseudonyms import Pseudonyms
from mappings.sesame.guide import Guide
from mappings.sesame.resources.care_plan import EPISODE, rank_extension, track_extension
from mappings.sesame.resources.elements import ACT_CODE, concept, period, present
from mappings.sesame.resources.episode_of_care import exit_extension

MODALITIES = frozenset({"AMB", "VR", "HH"})
GENDERS = frozenset({"female", "male", "other", "unknown"})
PHQ2 = "55758-7"
PSEUDONYMISED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "PSEUDED",
    "display": "pseudonymized",
}
TYPES = ("Patient", "Task", "EpisodeOfCare", "CarePlan", "Encounter", "Observation", "ClinicalImpression")
"""The types of an export, in its order."""


def month(day: date | None) -> str | None:
    """A date reduced to its month, YYYY-MM."""
    return day.isoformat()[:7] if day else None


class Writer:
    """Writes the resources of patients under pseudonyms."""

    def __init__(self, guide: Guide, pseudonyms: Pseudonyms) -> None:
        self._guide = guide
        self._pseudonyms = pseudonyms

    def resources(self, patient: str, facts: PatientFacts) -> Iterator[Resource]:
        """All exported resources of a patient."""
        if facts.person:
            yield self._person(patient, facts.person)
        subject = self._reference("Patient", patient)
        yield from (self._referral(subject, one) for one in facts.referrals.values())
        yield from (self._episode(subject, one) for one in facts.episodes.values())
        yield from (self._sequence(subject, one) for one in facts.sequences.values() if self._is_track(one))
        yield from (self._visit(subject, id, one) for id, one in facts.visits.items() if self._is_kind(one))
        for id, score in facts.scores.items():
            if code := self._scale(score):
                yield self._score(subject, id, score, code)
        for id, review in facts.case_reviews().items():
            told = {"status": "completed", "subject": subject, "date": month(review.day)}
            yield self._head("ClinicalImpression", id) | told

    def _head(self, type: str, id: str) -> Resource:
        pseudonym = self._pseudonyms.of(type, id)
        return {"resourceType": type, "id": pseudonym, "meta": {"security": [PSEUDONYMISED]}}

    def _reference(self, type: str, id: str) -> Resource:
        return {"reference": f"{type}/{self._pseudonyms.of(type, id)}"}

    def _known(self, code_system: str, code: str | None) -> bool:
        return (self._guide.canonical("CodeSystem", code_system), code) in self._guide.displays

    def _is_track(self, sequence: Sequence) -> bool:
        return self._known("sesame-track", sequence.track)

    def _is_kind(self, visit: Visit) -> bool:
        return self._known("sesame-encounter-type", visit.kind) and visit.modality in MODALITIES

    def _person(self, id: str, person: Person) -> Resource:
        system = self._guide.naming_system("pseudonym")
        return self._head("Patient", id) | present(
            identifier=[{"system": system, "value": self._pseudonyms.of("Patient", id)}],
            gender=person.gender if person.gender in GENDERS else None,
            birthDate=person.birth_date[:4],
        )

    def _referral(self, subject: Resource, referral: Referral) -> Resource:
        return self._head("Task", referral.id) | {
            "status": referral.status,
            "intent": "order",
            "code": self._guide.concept("sesame-task-code", "referral"),
            "for": subject,
            "authoredOn": month(referral.day),
        }

    def _episode(self, subject: Resource, episode: Episode) -> Resource:
        reason = episode.exit_reason
        return self._head("EpisodeOfCare", episode.id) | present(
            extension=[exit_extension(self._guide, reason)] if reason else None,
            status=episode.status,
            patient=subject,
            period=period(month(episode.start), month(episode.end)),
        )

    def _sequence(self, subject: Resource, sequence: Sequence) -> Resource:
        extensions: list[Resource] = [
            rank_extension(self._guide, sequence.rank),
            track_extension(self._guide, sequence.track),
        ]
        if sequence.episode:
            reference = self._reference("EpisodeOfCare", sequence.episode)
            extensions.append({"url": EPISODE, "valueReference": reference})
        return self._head("CarePlan", sequence.id) | {
            "extension": extensions,
            "status": sequence.status,
            "intent": "plan",
            "subject": subject,
            "period": period(month(sequence.start), month(sequence.end)),
        }

    def _visit(self, subject: Resource, id: str, visit: Visit) -> Resource:
        episode = self._reference("EpisodeOfCare", visit.episode) if visit.episode else None
        return self._head("Encounter", id) | present(
            status="finished",
            **{"class": {"system": ACT_CODE, "code": visit.modality}},
            type=[self._guide.concept("sesame-encounter-type", visit.kind)],
            subject=subject,
            episodeOfCare=[episode] if episode else None,
            period=period(month(visit.day)),
        )

    def _scale(self, score: Score) -> Resource | None:
        """The code of a score, None for a scale unknown to the guide."""
        if score.scale in (*SCALES, PHQ2):
            return concept(LOINC, score.scale)
        if self._known("sesame-scale", score.scale):
            return self._guide.concept("sesame-scale", score.scale)
        return None

    def _score(self, subject: Resource, id: str, score: Score, code: Resource) -> Resource:
        return self._head("Observation", id) | {
            "status": "final",
            "code": code,
            "subject": subject,
            "effectiveDateTime": month(score.day),
            "valueInteger": score.value,
        }
