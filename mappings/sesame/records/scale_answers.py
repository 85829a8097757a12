"""The answers to a scale as ordinals, and as the items of a QuestionnaireResponse.

An incomplete list is not accepted: a score is never imputed.
https://hl7.org/fhir/R4/questionnaireresponse.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fhir_server.conversion.field_kinds import Custom
from fhir_server.core.code_systems import LOINC
from mappings.sesame.guide import Resource
from mappings.sesame.scales import Scale


def answers(scales: Sequence[Scale]) -> Custom:
    """The field of the ordinals, in the order of the questions; their number identifies the scale."""
    by_length = {len(scale.questions): scale for scale in scales}
    bounds = {"minItems": min(by_length), "maxItems": max(by_length)}
    schema = {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 3}, **bounds}
    return Custom(
        schema,
        lambda ordinals: _items(by_length[len(ordinals)], ordinals),
        lambda items: _ordinals(scales, items),
        LOINC,
    )


def exact_lengths(scales: Mapping[str, Scale]) -> Resource:
    """The JSON Schema rule that a scale has exactly one answer per question."""
    return {"allOf": [_exact_length(word, len(scale.questions)) for word, scale in scales.items()]}


def total(scale: Scale, ordinals: Sequence[int]) -> Resource:
    """The item that states the sum."""
    return {"linkId": scale.total, "answer": [{"valueInteger": sum(ordinals)}]}


def _exact_length(word: str, length: int) -> Resource:
    condition = {"properties": {"echelle": {"const": word}}, "required": ["echelle"]}
    exact = {"reponses": {"minItems": length, "maxItems": length}}
    return {"if": condition, "then": {"properties": exact}}


def _items(scale: Scale, ordinals: Sequence[int]) -> list[Resource]:
    return [
        {"linkId": question, "answer": [{"valueCoding": dict(scale.options[ordinal])}]}
        for question, ordinal in zip(scale.questions, ordinals, strict=True)
    ]


def _ordinals(scales: Sequence[Scale], items: Sequence[Mapping[str, Any]]) -> list[int] | None:
    """The answers to the longest scale whose questions are all validly answered; None for no such scale."""
    given = {one.get("linkId"): one["answer"][0].get("valueCoding", {}) for one in items if one.get("answer")}
    for scale in sorted(scales, key=lambda scale: -len(scale.questions)):
        codes = [option["code"] for option in scale.options]
        told = [given.get(question, {}).get("code") for question in scale.questions]
        if all(code in codes for code in told):
            return [codes.index(code) for code in told]
    return None
