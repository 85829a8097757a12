"""The answers to a scale (passation), read from a QuestionnaireResponse.

A missing answer is never imputed: an incomplete passation has no score.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fhir_server.extension import Resource
from mappings.sesame import identifiers
from mappings.sesame.guide import Guide
from mappings.sesame.pathway.reading import questionnaire_of, target
from mappings.sesame.scales import SHIPPED, Scale, read_scale

ITEM_9 = "44260-8"
"""Thoughts of death or of self-harm, PHQ-9. LOINC."""

DONE = frozenset({"completed", "amended"})


@dataclass(frozen=True, slots=True)
class Passation:
    """One passation; `answers` are ordinals by linkId, `stated` is the total stated in the response,
    `thoughts` the highest answer to question 9 of the PHQ-9.
    """

    response: Resource
    id: str
    scale: Scale
    status: str
    patient: str | None
    answers: Mapping[str, int]
    stated: int | None
    thoughts: int

    @property
    def reference(self) -> str:
        return f"QuestionnaireResponse/{self.id}"

    @property
    def is_done(self) -> bool:
        return self.status in DONE

    @property
    def missing(self) -> tuple[str, ...]:
        """The linkIds of the questions without an answer."""
        return tuple(question for question in self.scale.questions if question not in self.answers)

    @property
    def score(self) -> int | None:
        """The sum of the answers; None while one is missing."""
        return None if self.missing else sum(self.answers[one] for one in self.scale.questions)

    @property
    def alerts(self) -> bool:
        """Whether question 9 of the PHQ-9 has an answer above "never", whatever the total."""
        return self.scale.id == "phq-9" and self.thoughts >= 1


def read_scales(guide: Guide) -> dict[str, Scale]:
    """The shipped scales by the canonical URLs of their Questionnaires."""
    scales = (read_scale(guide, id) for id in SHIPPED)
    return {scale.questionnaire: scale for scale in scales}


def passation_of(scales: Mapping[str, Scale], response: Resource | None) -> Passation | None:
    """The passation stated by a QuestionnaireResponse; None for another questionnaire."""
    scale = scales.get(questionnaire_of(response or {}))
    if response is None or scale is None:
        return None
    items: list[Resource] = response.get("item", [])
    ordinals = {option["code"]: ordinal for ordinal, option in enumerate(scale.options)}
    return Passation(
        response=response,
        id=response.get("id", ""),
        scale=scale,
        status=response.get("status", ""),
        patient=target(response.get("subject"), "Patient"),
        answers=_answers(items, scale, ordinals),
        stated=_stated(items, scale),
        thoughts=_gravest(items, ITEM_9, ordinals),
    )


def record_numbers(guide: Guide, passation: Passation) -> tuple[Resource, ...]:
    """The possible identifiers of a resource derived from a passation, in order of preference.

    First the passation's own number in the programme's records, if it has one; then its id, in case another
    passation has used the same number.
    """
    own = passation.response.get("identifier", {})
    is_ours = own.get("system") == guide.naming_system("record") and own.get("value")
    values = (*((own["value"],) if is_ours else ()), passation.id)
    return tuple(identifiers.numbered(guide, "record", value) for value in values)


def _answers(items: Iterable[Resource], scale: Scale, ordinals: Mapping[str, int]) -> dict[str, int]:
    """The ordinals by linkId. A question with several answers, or with one outside the scale, has none."""
    given: dict[str, list[int | None]] = {}
    for item in items:
        given.setdefault(item.get("linkId", ""), []).extend(_ordinals(item, ordinals))
    return {
        question: found[0]
        for question, found in given.items()
        if question in scale.questions and len(found) == 1 and found[0] is not None
    }


def _ordinals(item: Resource, ordinals: Mapping[str, int]) -> list[int | None]:
    codings = (answer.get("valueCoding", {}) for answer in item.get("answer", ()))
    return [ordinals.get(coding.get("code", "")) for coding in codings]


def _gravest(items: Iterable[Resource], question: str, ordinals: Mapping[str, int]) -> int:
    """The highest of all answers to a question, at any depth of the items."""
    found = 0
    for item in items:
        here = _ordinals(item, ordinals) if item.get("linkId") == question else []
        found = max(found, _gravest(item.get("item", ()), question, ordinals), *(one or 0 for one in here))
    return found


def _stated(items: Iterable[Resource], scale: Scale) -> int | None:
    for item in items:
        if item.get("linkId") == scale.total:
            for answer in item.get("answer", ()):
                value = answer.get("valueInteger")
                return value if isinstance(value, int) else None
    return None
