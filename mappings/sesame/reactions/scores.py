"""Writes the score of a passation, and its response and remission, in the commit of the passation.

The server writes the scores that it can derive; if a client has written the score of a passation, that
Observation is kept and corrected with the answers.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from fhir_server.core.code_systems import LOINC
from fhir_server.extension import Change, Resource, View
from mappings.sesame import identifiers
from mappings.sesame.guide import Guide
from mappings.sesame.identifiers import record_id
from mappings.sesame.pathway.outcome import (
    VALID_STATUSES,
    Progress,
    Score,
    outcomes_of,
    progress_of,
    scores_of,
    span_of,
)
from mappings.sesame.pathway.passation import (
    Passation,
    passation_of,
    read_scales,
    record_numbers,
)
from mappings.sesame.pathway.reading import IN_ERROR, codes, find_referring, target
from mappings.sesame.policy import Policy
from mappings.sesame.resources.elements import tagged_as
from mappings.sesame.resources.observation import (
    Measured,
    outcome_observation,
    score_observation,
    severity,
)
from mappings.sesame.scales import Scale

FREE = ("meta", "status")
"""The elements in which two equal outcomes may differ."""


class ScorePassations:
    """Writes and corrects the scores of passations, and the outcomes derived from scores."""

    name = "scores"
    types = frozenset({"QuestionnaireResponse", "Observation", "EpisodeOfCare"})

    def __init__(self, guide: Guide, policy: Policy) -> None:
        self._guide = guide
        self._policy = policy
        self._scales = read_scales(guide)
        self._judged = {scale.total: scale for scale in self._scales.values() if scale.bands}

    def react(self, change: Change, view: View) -> Iterable[Resource]:
        if change.type == "Observation":
            yield from self._of_score(change, view)
        elif change.type == "EpisodeOfCare":
            yield from self._of_episode(change, view)
        else:
            yield from self._of_passation(change, view)

    def _of_passation(self, change: Change, view: View) -> Iterator[Resource]:
        """The score of a passation and its outcomes; also those of a former patient of the passation."""
        before = passation_of(self._scales, change.before)
        after = passation_of(self._scales, change.after)
        passation = after or before
        if passation is None or passation.patient is None:
            return
        written = list(self._score(passation, after, before, view))
        yield from written
        if passation.scale.bands:
            fresh = written[0]["id"] if written and change.before is None else None
            yield from self._outcomes(passation.scale, passation.patient, change, fresh, view)
        if before and before.patient and before.scale.bands and _whose(before) != _whose(passation):
            yield from self._outcomes(before.scale, before.patient, change, None, view)

    def _of_score(self, change: Change, view: View) -> Iterator[Resource]:
        """The outcomes of a score that a client has written."""
        score = change.after or change.before or {}
        patient = target(score.get("subject"), "Patient")
        for code in codes(score.get("code"), LOINC):
            if code in self._judged and patient:
                fresh = change.id if change.before is None else None
                yield from self._outcomes(self._judged[code], patient, change, fresh, view)

    def _of_episode(self, change: Change, view: View) -> Iterator[Resource]:
        """The outcomes of scores recorded before the episode, or before its days were corrected."""
        spans = {_span(change.before), _span(change.after)}
        patients = {patient for patient, *_ in filter(None, spans)} if len(spans) > 1 else set()
        for patient in sorted(patients):
            for scale in self._judged.values():
                yield from self._outcomes(scale, patient, change, None, view)

    def _score(
        self, passation: Passation, after: Passation | None, before: Passation | None, view: View
    ) -> Iterator[Resource]:
        found = self._scored(passation, view)
        if after is None or not after.is_done or after.score is None:
            if before and before.is_done:
                yield from (one | {"status": IN_ERROR} for one in found)
        elif not found:
            yield self._new_score(after, after.score, view)
        else:
            for one in found:
                corrected = self._corrected(one, after, after.score)
                if corrected != one:
                    yield corrected

    def _scored(self, passation: Passation, view: View) -> list[Resource]:
        """The scores derived from the passation, whether the server or a client wrote them."""
        return [
            found
            for found in find_referring(view, "Observation", "derived-from", passation.reference)
            if passation.scale.total in codes(found.get("code"), LOINC)
        ]

    def _new_score(self, passation: Passation, score: int, view: View) -> Resource:
        response, identifier = passation.response, self._free_number(passation, view)
        author = response.get("author")
        made = score_observation(
            self._guide,
            identifier=identifier,
            scale=passation.scale,
            score=score,
            patient=response["subject"],
            date=response["authored"],
            response={"reference": passation.reference},
            encounter=response.get("encounter"),
            performer=author if target(author, "Device") is None else None,
        )
        return tagged_as(response, made) | {"id": record_id("Observation", identifier)}

    def _free_number(self, passation: Passation, view: View) -> Resource:
        """A number for a new score that no valid score of another passation has."""
        *numbers, last = record_numbers(self._guide, passation)
        scores = (view.get("Observation", record_id("Observation", number)) or {} for number in numbers)
        free = (
            number
            for number, score in zip(numbers, scores, strict=True)
            if score.get("status") not in VALID_STATUSES
        )
        return next(free, last)

    def _corrected(self, observation: Resource, passation: Passation, score: int) -> Resource:
        """The score corrected to the present answers."""
        response = passation.response
        fresh = {"valueInteger": score, "effectiveDateTime": response["authored"]}
        if target(observation.get("subject"), "Patient") != passation.patient:
            fresh["subject"] = response["subject"]
        same = all(observation.get(name) == value for name, value in fresh.items())
        if same and observation.get("status") in VALID_STATUSES:
            return observation
        classes = severity(self._guide, passation.scale, score)
        interpreted = {"interpretation": classes} if classes else {}
        return observation | fresh | interpreted | {"status": "corrected"}

    def _outcomes(
        self, scale: Scale, patient: str, change: Change, fresh: str | None, view: View
    ) -> Iterator[Resource]:
        """Response and remission at each score since the baseline; outcomes that no longer hold are
        withdrawn.

        With `fresh`, the id of a new score, only the outcomes that depend on it.
        """
        source = change.after or change.before or {}
        scores = scores_of(view, scale, patient)
        made = [
            outcome
            for progress in (progress_of(view, scores, patient) if len(scores) > 1 else ())
            if fresh is None or fresh in (progress.baseline.id, progress.current.id)
            for outcome in self._outcome(progress, patient, source)
        ]
        for outcome in made:
            found = view.get("Observation", outcome["id"])
            if found is None:
                yield outcome
            elif any(found.get(name) != value for name, value in outcome.items() if name not in FREE):
                yield outcome | {"status": "corrected"}
        if change.before is not None:
            kept = {outcome["id"] for outcome in made}
            for gone in outcomes_of(self._guide, view, scale, patient):
                if gone["id"] not in kept:
                    yield gone | {"status": IN_ERROR}

    def _outcome(self, progress: Progress, patient: str, source: Resource) -> Iterator[Resource]:
        responded = progress.is_response(self._policy.elevated_score)
        remission = "remission" if progress.is_remission else "no-remission"
        response = None if responded is None else "response" if responded else "no-response"
        for kind, outcome in (("treatment-response", response), ("remission", remission)):
            identifier = identifiers.numbered(self._guide, "record", f"{progress.current.id}-{kind}")
            made = outcome_observation(
                self._guide,
                identifier=identifier,
                kind=kind,
                outcome=outcome,
                patient={"reference": f"Patient/{patient}"},
                date=progress.current.moment,
                baseline=_measured(progress.baseline),
                current=_measured(progress.current),
            )
            yield tagged_as(source, made) | {"id": record_id("Observation", identifier)}


def _measured(score: Score) -> Measured:
    return Measured({"reference": f"Observation/{score.id}"}, score.value)


def _whose(passation: Passation) -> tuple[str | None, str]:
    """The patient and the scale of a passation."""
    return passation.patient, passation.scale.id


def _span(episode: Resource | None) -> tuple[str, date, date] | None:
    """The patient and the days of an episode that has begun; None for any other."""
    patient = target((episode or {}).get("patient"), "Patient")
    span = span_of(episode) if episode else None
    return (patient, *span) if patient and span else None
