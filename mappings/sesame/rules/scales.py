"""A finished passation must be complete and state the right total; so must a score derived from it.

Source: the scoring of PHQ-9, GAD-7 and PHQ-2; nothing is imputed.
"""

from collections.abc import Iterable, Iterator

from fhir_server.core.code_systems import LOINC
from fhir_server.extension import Change, Resource, View
from fhir_server.issues import Issue
from mappings.sesame.guide import Guide
from mappings.sesame.pathway.passation import Passation, passation_of, read_scales
from mappings.sesame.pathway.reading import IN_ERROR, codes, day, resolved
from mappings.sesame.rules import scale_messages as messages
from mappings.sesame.rules.issues import refusal

WITHDRAWN = frozenset({IN_ERROR, "cancelled"})


class ScaleRules:
    """Whether a passation, or a score derived from one, is valid."""

    name = "scales"
    types = frozenset({"QuestionnaireResponse", "Observation"})

    def __init__(self, guide: Guide) -> None:
        self._scales = read_scales(guide)

    def check(self, change: Change, view: View) -> Iterable[Issue]:
        if change.after is None:
            return
        if change.type == "Observation":
            # The present version: a reaction may have corrected it since the change.
            yield from self._score(view.get("Observation", change.id) or {}, view)
            return
        passation = passation_of(self._scales, change.after)
        if passation and passation.is_done:
            yield from wrong(passation)
            yield from _unattributed(passation)

    def _score(self, observation: Resource, view: View) -> Iterator[Issue]:
        if observation.get("status") in WITHDRAWN:
            return
        said, value = set(codes(observation.get("code"), LOINC)), observation.get("valueInteger")
        yield from self._beyond(said, value)
        for reference in observation.get("derivedFrom", ()) if said else ():
            passation = passation_of(self._scales, resolved(view, reference, "QuestionnaireResponse"))
            if not passation or passation.scale.total not in said or passation.score == value:
                continue
            given = "?" if value is None else value
            text = messages.WRONG_SCORE(id=passation.id, score=_shown(passation.score), value=given)
            yield refusal(text, "Observation.value")

    def _beyond(self, said: set[str], value: int | None) -> Iterator[Issue]:
        """The total must be within the range of its scale."""
        for scale in self._scales.values():
            if scale.total in said and value is not None and not 0 <= value <= scale.highest:
                text = messages.BEYOND_SCALE(scale=scale.id.upper(), highest=scale.highest, value=value)
                yield refusal(text, "Observation.value")


def wrong(passation: Passation) -> Iterator[Issue]:
    """The issues of a passation whose status says that it is complete."""
    scale = passation.scale.id.upper()
    if passation.missing:
        text = messages.INCOMPLETE(scale=scale, missing=", ".join(passation.missing))
        yield refusal(text, "QuestionnaireResponse.item")
    elif passation.stated not in (None, passation.score):
        text = messages.WRONG_TOTAL(scale=scale, score=_shown(passation.score), stated=passation.stated or 0)
        yield refusal(text, "QuestionnaireResponse.item")


def _unattributed(passation: Passation) -> Iterator[Issue]:
    """A score also needs to know who answered, and when."""
    if passation.patient is None:
        yield refusal(messages.WHOSE(), "QuestionnaireResponse.subject")
    if day(passation.response.get("authored")) is None:
        yield refusal(messages.WHEN(), "QuestionnaireResponse.authored")


def _shown(score: int | None) -> object:
    return messages.NO_SCORE() if score is None else score
