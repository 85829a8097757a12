"""Checks of one answer against its question: type, options, limits.

https://hl7.org/fhir/R4/questionnaireresponse.html
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.core import json
from fhir_server.core.reference import parse_reference
from fhir_server.core.safe_regex import matches
from fhir_server.issues import Issue, IssueType, Text
from fhir_server.validation.checks import messages
from fhir_server.validation.checks.answer_comparison import compared, equal, same_coding, shown
from fhir_server.validation.checks.check import CheckContext, finding
from fhir_server.validation.checks.questionnaire_form import Form, Item, extension_values
from fhir_server.validation.findings import excerpt, quoted_list

CORE = "http://hl7.org/fhir/StructureDefinition"
SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition"
MINIMA = (f"{CORE}/minValue", f"{SDC}/sdc-questionnaire-minQuantity")
MAXIMA = (f"{CORE}/maxValue", f"{SDC}/sdc-questionnaire-maxQuantity")
SHOWN_OPTIONS_MAX = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """The value of one answer, its location, and the number of answers to the question (`siblings`)."""

    item: Item
    form: Form
    type: str
    value: Any
    place: str
    siblings: int

    def error(self, key: str, text: Text, code: IssueType = "invariant") -> Issue:
        return finding("error", code, key, text, self.place)

    def warning(self, key: str, text: Text, code: IssueType = "invariant") -> Issue:
        return finding("warning", code, key, text, self.place)


def answer_issues(answer: Answer, context: CheckContext) -> Iterator[Issue]:
    """The issues of one answer."""
    wanted = answer.item.value_types
    if answer.type not in wanted:
        text = messages.ANSWER_TYPE(
            link_id=answer.item.link_id,
            type=answer.item.type,
            wanted=quoted_list(wanted),
            found=quoted_list([answer.type]),
        )
        yield answer.error("answer-type", text)
        return
    yield from _choice(answer, context)
    if answer.type == "Quantity":
        yield from _unit_in_value_set(answer, context)
    yield from _bounds(answer)
    for check in BY_TYPE.get(answer.type, ()):
        yield from check(answer)


# options


def _choice(answer: Answer, context: CheckContext) -> Iterator[Issue]:
    options = answer.item.definition.get("answerOption")
    value_set = answer.item.definition.get("answerValueSet")
    if answer.item.type == "open-choice" and answer.type == "String":
        yield from _repeated_option_text(answer, options or ())
    elif options:
        yield from _option(answer)
    elif value_set and answer.type == "Coding":
        yield from _member(answer, value_set, context)


def _option(answer: Answer) -> Iterator[Issue]:
    for option in answer.item.options:
        if option.type == answer.type and equal(answer.type, answer.value, option.value):
            if answer.siblings > 1 and _is_exclusive(option.definition):
                text = messages.OPTION_EXCLUSIVE(
                    value=shown(answer.value), link_id=answer.item.link_id, count=answer.siblings
                )
                yield answer.error("option-exclusive", text)
            return
    offered = _first_few(shown(option.value) for option in answer.item.options)
    text = messages.NOT_AN_OPTION(value=shown(answer.value), link_id=answer.item.link_id, options=offered)
    yield answer.error("answer-option", text, "code-invalid")


def _is_exclusive(option: Mapping[str, Any]) -> bool:
    return True in extension_values(option, f"{CORE}/questionnaire-optionExclusive")


def _repeated_option_text(answer: Answer, options: Any) -> Iterator[Issue]:
    """Warn about a free-text answer that repeats the text of a coded option."""
    for option in options:
        coding = option.get("valueCoding", {})
        names = {str(coding.get(name)).lower() for name in ("code", "display") if name in coding}
        if str(answer.value).lower() in names:
            text = messages.WRITTEN_OUT(value=shown(answer.value), link_id=answer.item.link_id)
            yield answer.warning("answer-option", text)
            return


def _member(answer: Answer, value_set: str, context: CheckContext) -> Iterator[Issue]:
    if "code" not in answer.value:
        return
    found = _is_member(answer.value, value_set, answer.form.questionnaire, context)
    value = shown(answer.value)
    if found is None:
        text = messages.VALUE_SET_UNKNOWN(value=value, value_set=value_set)
        yield answer.warning("answer-value-set", text, "not-supported")
    elif not found:
        text = messages.NOT_IN_VALUE_SET(value=value, value_set=value_set, link_id=answer.item.link_id)
        yield answer.error("answer-value-set", text, "code-invalid")


def _is_member(
    coding: Mapping[str, Any], value_set: str, questionnaire: Mapping[str, Any], context: CheckContext
) -> bool | None:
    """Whether a code is in the value set, which the questionnaire may contain (`#id`); None if that is
    unknown.

    A code without a system is never a member.
    """
    system, code = coding.get("system"), coding["code"]
    if system is None:
        return False
    if not value_set.startswith("#"):
        return context.codes.contains(value_set, system, code)
    inside = questionnaire.get("contained", ())
    own = next((contained for contained in inside if contained.get("id") == value_set[1:]), None)
    return None if own is None else context.codes.contains_in(own, system, code)


def _unit_in_value_set(answer: Answer, context: CheckContext) -> Iterator[Issue]:
    """Check that the unit is in the question's value set of units."""
    for value_set in answer.item.extensions(f"{CORE}/questionnaire-unitValueSet"):
        if "code" in answer.value and (
            _is_member(answer.value, str(value_set), answer.form.questionnaire, context) is False
        ):
            text = messages.WRONG_UNIT(
                value=shown(answer.value), link_id=answer.item.link_id, options=value_set
            )
            yield answer.error("unit", text)


# bounds


def _bounds(answer: Answer) -> Iterator[Issue]:
    for urls, sign, template, key in (
        (MINIMA, -1, messages.TOO_LOW, "min-value"),
        (MAXIMA, 1, messages.TOO_HIGH, "max-value"),
    ):
        for limit in (value for url in urls for value in answer.item.extensions(url)):
            order = compared(answer.type, answer.value, limit)
            values = {"value": shown(answer.value), "limit": shown(limit), "link_id": answer.item.link_id}
            if order == sign:
                yield answer.error(key, template(**values))
            elif order is None and answer.type == "Quantity":
                yield answer.error(key, messages.NOT_COMPARABLE(**values))


def _length(answer: Answer) -> Iterator[Issue]:
    length, link_id = len(answer.value), answer.item.link_id
    least, most = answer.item.extension(f"{CORE}/minLength"), answer.item.definition.get("maxLength")
    if type(least) is int and length < least:
        yield answer.error("min-length", messages.TOO_SHORT(length=length, limit=least, link_id=link_id))
    if type(most) is int and length > most:
        yield answer.error("max-length", messages.TOO_LONG(length=length, limit=most, link_id=link_id))
    if answer.item.type == "string" and ("\n" in answer.value or "\r" in answer.value):
        yield answer.warning("line-break", messages.LINE_BREAK())


def _pattern(answer: Answer) -> Iterator[Issue]:
    pattern = answer.item.extension(f"{CORE}/regex")
    if not isinstance(pattern, str):
        return
    fits = matches(pattern, answer.value)
    values = {"pattern": excerpt(pattern), "link_id": answer.item.link_id}
    if fits is None:
        yield answer.warning("pattern", messages.PATTERN_NOT_RUN(**values), "not-supported")
    elif not fits:
        yield answer.error("pattern", messages.WRONG_PATTERN(value=shown(answer.value), **values))


def _decimal_places(answer: Answer) -> Iterator[Issue]:
    limit = answer.item.extension(f"{CORE}/maxDecimalPlaces")
    number = answer.value.get("value") if answer.type == "Quantity" else answer.value
    if type(limit) is not int or not json.is_number(number):
        return
    places = max(0, -int(json.decimal(number).as_tuple().exponent))
    if places > limit:
        text = messages.TOO_PRECISE(
            value=excerpt(number), places=places, limit=limit, link_id=answer.item.link_id
        )
        yield answer.error("max-decimal-places", text)


def _unit(answer: Answer) -> Iterator[Issue]:
    units = list(answer.item.extensions(f"{CORE}/questionnaire-unitOption"))
    if units and not any(same_coding(unit, answer.value) for unit in units):
        text = messages.WRONG_UNIT(
            value=shown(answer.value), link_id=answer.item.link_id, options=_first_few(map(shown, units))
        )
        yield answer.error("unit", text)


def _media_type(answer: Answer) -> Iterator[Issue]:
    allowed = list(answer.item.extensions(f"{CORE}/mimeType"))
    given = answer.value.get("contentType")
    if allowed and not any(str(given).startswith(scheme) for scheme in allowed):
        text = messages.WRONG_MEDIA_TYPE(
            value=excerpt(given), link_id=answer.item.link_id, options=quoted_list(allowed)
        )
        yield answer.error("media-type", text)


MEGABYTE = 1 << 20


def _size(answer: Answer) -> Iterator[Issue]:
    """Check the size of an attachment, stated or computed, against `maxSize` in megabytes."""
    limit = answer.item.extension(f"{CORE}/maxSize")
    given, data = answer.value.get("size"), answer.value.get("data")
    size = given if type(given) is int else len(data) * 3 // 4 if isinstance(data, str) else 0
    if json.is_number(limit) and size > json.decimal(limit) * MEGABYTE:
        text = messages.TOO_LARGE(
            size=f"{size / MEGABYTE:.1f}", limit=excerpt(limit), link_id=answer.item.link_id
        )
        yield answer.error("max-size", text)


def _target(answer: Answer) -> Iterator[Issue]:
    allowed = list(answer.item.extensions(f"{CORE}/questionnaire-referenceResource"))
    type_name = parse_reference(answer.value.get("reference", "")).type or answer.value.get("type")
    if allowed and type_name and type_name not in allowed:
        text = messages.WRONG_TARGET(
            value=type_name, link_id=answer.item.link_id, options=quoted_list(allowed)
        )
        yield answer.error("reference-target", text)


BY_TYPE: Mapping[str, tuple[Callable[[Answer], Iterator[Issue]], ...]] = {
    "String": (_length, _pattern),
    "Uri": (_length, _pattern),
    "Decimal": (_decimal_places,),
    "Quantity": (_decimal_places, _unit),
    "Attachment": (_media_type, _size),
    "Reference": (_target,),
}


def _first_few(values: Any) -> str:
    """The first few of some values, with an ellipsis if there are more."""
    found = list(values)
    return ", ".join(found[:SHOWN_OPTIONS_MAX]) + (", …" if len(found) > SHOWN_OPTIONS_MAX else "")
