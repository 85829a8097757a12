"""Answers that the Questionnaire calculates (SDC calculatedExpression), such as the total score of a scale.

The ordinal of a coded answer is read by `ordinal()`, or SDC's later `weight()`.
http://hl7.org/fhir/uv/sdc/STU3/expressions.html#calculatedExpression
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.core.json import decimal as exact
from fhir_server.core.json import is_number
from fhir_server.issues import Issue, Severity
from fhir_server.validation.checks import messages
from fhir_server.validation.checks.answer_comparison import same_coding, shown
from fhir_server.validation.checks.check import finding
from fhir_server.validation.checks.questionnaire_form import (
    ORDINAL,
    Form,
    Item,
    TypedValue,
    extension_values,
    value_of,
)
from fhir_server.validation.checks.response_expressions import ResponseExpressions

CALCULATED = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-calculatedExpression"
_ORDINAL_CALL = re.compile(r"\.(?:ordinal|weight)\(\s*\)")

Element = dict[str, Any]


def calculation_issues(
    item: Item,
    element: Element,
    place: str,
    *,
    expressions: ResponseExpressions,
    complete: bool,
) -> Iterator[Issue]:
    """Check that the answer is the result of the calculation, by `expressions` on the response with ordinals.
    If it may be changed by hand, or the response is not complete, a difference is a warning.
    """
    expression, found = _expression(item), _single_answer(element)
    if expression is None or found is None:
        return
    severity: Severity = "error" if complete and item.definition.get("readOnly") is True else "warning"
    where = f"{place}.answer[0]"
    try:
        wanted = expressions.evaluate(_ORDINAL_CALL.sub(f".extension('{ORDINAL}').value", expression))
    except FhirPathError as error:
        text = messages.CALCULATION_FAILED(link_id=item.link_id, reason=error)
        yield finding("information", "not-supported", "calculated-expression", text, where)
        return
    values = {"link_id": item.link_id, "found": shown(found.value)}
    if not wanted:
        yield finding(severity, "value", "calculated-expression", messages.CALCULATION_EMPTY(**values), where)
    elif len(wanted) == 1 and not _same(found.value, wanted[0]):
        text = messages.CALCULATION_DIFFERS(wanted=shown(wanted[0]), **values)
        yield finding(severity, "value", "calculated-expression", text, where)


def with_ordinals(response: Element, form: Form) -> Element:
    """The response with the ordinal of each coded answer added to its Coding as an extension."""
    return {**response, "item": [_item_with_ordinals(item, form) for item in response.get("item", ())]}


def _item_with_ordinals(element: Element, form: Form) -> Element:
    found = dict(element)
    item = form.by_link_id.get(element.get("linkId", ""))
    if "answer" in element:
        found["answer"] = [_answer_with_ordinals(answer, item, form) for answer in element["answer"]]
    if "item" in element:
        found["item"] = [_item_with_ordinals(below, form) for below in element["item"]]
    return found


def _answer_with_ordinals(answer: Element, item: Item | None, form: Form) -> Element:
    found = dict(answer)
    coding = answer.get("valueCoding")
    if item is not None and coding is not None and not any(extension_values(coding, ORDINAL)):
        found["valueCoding"] = _coding_with_ordinal(coding, item)
    if "item" in answer:
        found["item"] = [_item_with_ordinals(below, form) for below in answer["item"]]
    return found


def _coding_with_ordinal(coding: Element, item: Item) -> Element:
    for option in item.options:
        if option.type == "Coding" and same_coding(option.value, coding):
            if option.ordinal is None:
                return coding
            ordinal = {"url": ORDINAL, "valueDecimal": option.ordinal}
            return {**coding, "extension": [*coding.get("extension", ()), ordinal]}
    return coding


def _expression(item: Item) -> str | None:
    """The FHIRPath expression of a calculated item."""
    found = item.extension(CALCULATED)
    if not isinstance(found, Mapping) or found.get("language") != "text/fhirpath":
        return None
    text = found.get("expression")
    return text if isinstance(text, str) else None


def _single_answer(element: Element) -> TypedValue | None:
    answers = element.get("answer", ())
    return value_of(answers[0], "value") if len(answers) == 1 else None


def _same(found: Any, wanted: Any) -> bool:
    """Whether an answer equals the calculated value; numbers are compared by value."""
    if isinstance(found, Mapping):
        if "value" in found:
            number = wanted.get("value") if isinstance(wanted, Mapping) else wanted
            return _same(found["value"], number)
        return isinstance(wanted, Mapping) and same_coding(found, wanted)
    if is_number(found) and (is_number(wanted) or type(wanted) is Decimal):
        return exact(found) == (wanted if type(wanted) is Decimal else exact(wanted))
    return bool(found == wanted)
