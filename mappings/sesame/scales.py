"""The clinical scales, read from the guide's Questionnaires: questions, ordinals, total, severity.

A score is never imputed: a missing answer gives no score.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mappings.sesame.guide import Guide, Resource

SHIPPED = ("phq-9", "gad-7", "phq-2")
"""The scales whose text the guide ships; of the others only scores are exchanged."""

SEVERITY = {"phq-9": "sesame-phq9-severity", "gad-7": "sesame-gad7-severity"}


@dataclass(frozen=True, slots=True)
class Band:
    """A severity class and its range of scores, both bounds included."""

    code: str
    display: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale: `questions` and `total` are LOINC codes, which are also link ids; `options` are the answers
    from 0 up, as Codings."""

    id: str
    questionnaire: str
    questions: tuple[str, ...]
    total: str
    total_label: str
    options: tuple[Resource, ...]
    bands: tuple[Band, ...]

    @property
    def highest(self) -> int:
        """The highest total; the lowest is 0."""
        return len(self.questions) * (len(self.options) - 1)

    def score(self, answers: Sequence[int]) -> int | None:
        """The total of the ordinals, one per question; None when an answer is missing."""
        return sum(answers) if len(answers) == len(self.questions) else None

    def band(self, score: int) -> Band | None:
        """The severity class of a score; None for a scale without severity classes."""
        return next((band for band in self.bands if band.low <= score <= band.high), None)


def read_scale(guide: Guide, id: str) -> Scale:
    """The scale of the guide's Questionnaire `id`, one of `SHIPPED`."""
    questionnaire = _resource(guide, "Questionnaire", id)
    questions = [item for item in questionnaire["item"] if item["type"] == "choice" and item.get("required")]
    total = next(item for item in questionnaire["item"] if item["type"] == "integer")
    return Scale(
        id=id,
        questionnaire=questionnaire["url"],
        questions=tuple(item["linkId"] for item in questions),
        total=total["linkId"],
        total_label=total["text"],
        options=tuple(option["valueCoding"] for option in questions[0]["answerOption"]),
        bands=_bands(guide, id),
    )


def _bands(guide: Guide, id: str) -> tuple[Band, ...]:
    if id not in SEVERITY:
        return ()
    return tuple(
        Band(concept["code"], concept["display"], *_bounds(concept))
        for concept in _resource(guide, "CodeSystem", SEVERITY[id])["concept"]
    )


def _bounds(concept: Resource) -> tuple[int, int]:
    bounds = {found["code"]: found["valueInteger"] for found in concept["property"]}
    return bounds["low"], bounds["high"]


def _resource(guide: Guide, type: str, id: str) -> Resource:
    return next(found for found in guide.resources if (found["resourceType"], found["id"]) == (type, id))
