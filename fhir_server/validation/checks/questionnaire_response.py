"""Checks of a QuestionnaireResponse against its Questionnaire.

In a response that is not completed, missing answers are only warnings.
https://hl7.org/fhir/R4/questionnaireresponse.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, NamedTuple

from fhir_server.issues import Issue, Severity, Text
from fhir_server.validation.checks import messages
from fhir_server.validation.checks.answer_comparison import compared
from fhir_server.validation.checks.answers import CORE, Answer, answer_issues
from fhir_server.validation.checks.calculated_answers import calculation_issues, with_ordinals
from fhir_server.validation.checks.check import CheckContext, Resource, finding
from fhir_server.validation.checks.enable_when import Enablement
from fhir_server.validation.checks.questionnaire_form import (
    VALUE_TYPES,
    Form,
    Item,
    extension_values,
    read_form,
    value_of,
)
from fhir_server.validation.checks.response_expressions import ResponseExpressions
from fhir_server.validation.findings import excerpt, shortened
from fhir_server.validation.messages import DID_YOU_MEAN, NO_HINT

Element = dict[str, Any]
Within = tuple[tuple[Item, Element], ...]

ROOT = "QuestionnaireResponse"
COMPARISONS_MAX = 500_000
"""Items of the form times items of the response; a larger pair is made to keep a server busy."""
FORMS_MAX = 64
"""Forms that are cached."""
HINTED_MAX = 300
"""Link ids among which a similar one is searched for a suggestion."""
COMPLETE = ("completed", "amended")


class QuestionnaireResponseCheck:
    """Checks the answers of a response against its questionnaire, if that is known."""

    types = frozenset({ROOT})

    def __init__(self) -> None:
        self._forms: dict[int, Form] = {}

    def check(self, resource: Resource, context: CheckContext) -> Iterator[Issue]:
        url = resource.get("questionnaire")
        place = f"{ROOT}.questionnaire"
        if url is None:
            text = messages.QUESTIONNAIRE_NOT_NAMED()
            yield finding("information", "required", "questionnaire-known", text, place)
            return
        questionnaire = _questionnaire(url, resource, context)
        if questionnaire is None:
            text = messages.QUESTIONNAIRE_UNKNOWN(url=url)
            yield finding("warning", "not-found", "questionnaire-known", text, place)
            return
        yield from _outside_effective_period(resource, questionnaire)
        form = self._form(questionnaire)
        if _size(form) * _count_of_items(resource) > COMPARISONS_MAX:
            text = messages.RESPONSE_TOO_LARGE(url=url)
            yield finding("warning", "too-costly", "questionnaire-known", text, ROOT)
            return
        paths, budget = context.paths, context.budget
        enablement = Enablement(form, resource, ResponseExpressions(lambda: resource, paths, budget))
        calculations = ResponseExpressions(lambda: with_ordinals(resource, form), paths, budget)
        walk = _ResponseWalker(form, calculations, context, enablement, resource.get("status") in COMPLETE)
        yield from walk.items(resource, ROOT, form.below[None], ())

    def _form(self, questionnaire: Resource) -> Form:
        """The form of a questionnaire, from a cache by identity: questionnaires of guides stay in memory."""
        known = self._forms.get(id(questionnaire))
        if known is not None and known.questionnaire is questionnaire:
            return known
        if len(self._forms) >= FORMS_MAX:
            self._forms.clear()
        form = self._forms[id(questionnaire)] = read_form(questionnaire)
        return form


def _questionnaire(url: str, response: Resource, context: CheckContext) -> Resource | None:
    """The questionnaire; one contained in the response also finds its value sets there."""
    if not url.startswith("#"):
        return context.canonical(url, "Questionnaire")
    contained = response.get("contained", ())
    for resource in contained:
        if resource.get("id") == url[1:] and resource.get("resourceType") == "Questionnaire":
            return {**resource, "contained": contained}
    return None


def _size(form: Form) -> int:
    """The number of items, options and conditions that answers are compared with."""
    parts = ("answerOption", "enableWhen", "extension")
    return len(form.items) + sum(len(item.definition.get(part, ())) for item in form.items for part in parts)


def _count_of_items(response: Resource) -> int:
    """The number of items and answers in a response."""
    count, waiting = 0, [response]
    while waiting:
        holder = waiting.pop()
        inside = [*holder.get("item", ()), *holder.get("answer", ())]
        count += len(inside)
        waiting += inside
    return count


def _outside_effective_period(response: Resource, questionnaire: Resource) -> Iterator[Issue]:
    """Warn if the answers were not given in the effective period of the questionnaire."""
    authored, period = response.get("authored"), questionnaire.get("effectivePeriod", {})
    for limit, sign, template in (
        (period.get("start"), -1, messages.AUTHORED_BEFORE),
        (period.get("end"), 1, messages.AUTHORED_AFTER),
    ):
        if authored and limit and compared("Date", authored[:10], limit[:10]) == sign:
            text = template(date=authored, limit=limit)
            yield finding("warning", "business-rule", "questionnaire-in-use", text, f"{ROOT}.authored")


class _LocatedElement(NamedTuple):
    """An element of the response and its location."""

    element: Element
    where: str


@dataclass(frozen=True, slots=True)
class _ResponseWalker:
    """Walks a response and its form together; `enabled` is false below items that are not enabled."""

    form: Form
    calculations: ResponseExpressions
    context: CheckContext
    enablement: Enablement
    complete: bool
    enabled: bool = True

    @property
    def _missing_severity(self) -> Severity:
        """The severity of a missing answer."""
        return "error" if self.complete else "warning"

    def items(self, holder: Element, place: str, items: Sequence[Item], within: Within) -> Iterator[Issue]:
        """Check the items in one element of the response against the expected `items`."""
        found: dict[Item, list[_LocatedElement]] = {item: [] for item in items}
        by_link_id = {item.link_id: item for item in reversed(items)}
        last: Item | None = None
        for index, element in enumerate(holder.get("item", ())):
            where = f"{place}.item[{index}]"
            item = by_link_id.get(element.get("linkId", ""))
            if item is None:
                yield from self._misplaced_item(element, where, within)
                continue
            if last is not None and item.index < last.index:
                text = messages.ITEM_ORDER(link_id=item.link_id, before=last.link_id)
                yield finding("error", "structure", "item-order", text, where)
            last = item
            found[item].append(_LocatedElement(element, where))
        for item, elements in found.items():
            yield from self._item(item, elements, place, within)

    def _misplaced_item(self, element: Element, where: str, within: Within) -> Iterator[Issue]:
        """The issue of an item that the questionnaire has elsewhere, or not at all."""
        link_id = element.get("linkId", "")
        item = self.form.by_link_id.get(link_id)
        if item is None:
            known = self.form.by_link_id if len(self.form.by_link_id) <= HINTED_MAX else ()
            alike = get_close_matches(shortened(link_id), known, n=1)
            hint = DID_YOU_MEAN(name=alike[0]) if alike else NO_HINT()
            text = messages.ITEM_UNKNOWN(link_id=shortened(link_id), hint=hint)
            yield finding("error", "not-found", "item-known", text, f"{where}.linkId")
            return
        text = messages.ITEM_MISPLACED(link_id=link_id, place=_expected_place(item))
        yield finding("error", "structure", "item-place", text, where)
        yield from self._element(item, element, where, within)

    def _item(
        self, item: Item, elements: list[_LocatedElement], place: str, within: Within
    ) -> Iterator[Issue]:
        """Check all elements of the response for one item, possibly none."""
        enabled = self.enabled and self.enablement.enabled(item, within)
        if not elements:
            if enabled and item.required:
                text = messages.ITEM_REQUIRED(link_id=item.link_id)
                yield finding(self._missing_severity, "required", "item-required", text, place)
            return
        if len(elements) > 1 and not (item.repeats and item.type == "group"):
            text = messages.ITEM_TWICE(link_id=item.link_id, count=len(elements))
            yield finding("error", "structure", "item-repeats", text, elements[1].where)
        inner = self if enabled else replace(self, enabled=False)
        for element, where in elements:
            if self.enabled and not enabled and ("answer" in element or "item" in element):
                text = messages.ITEM_NOT_ENABLED(link_id=item.link_id)
                yield finding("error", "invalid", "item-enabled", text, where)
            yield from inner._element(item, element, where, within)

    def _element(self, item: Item, element: Element, where: str, within: Within) -> Iterator[Issue]:
        inside = (*within, (item, element))
        yield from self._text(item, element, where)
        if self.enabled:
            yield from self._presence(item, element, where)
        if item.type == "group":
            yield from self.items(element, where, self.form.below[item], inside)
        elif "item" in element:
            of_display = item.type == "display"
            template = messages.ITEMS_IN_DISPLAY if of_display else messages.ITEMS_IN_QUESTION
            text = template(link_id=item.link_id)
            yield finding("error", "structure", "item-place", text, f"{where}.item")
        yield from self._answers(item, element, where, inside)

    def _text(self, item: Item, element: Element, where: str) -> Iterator[Issue]:
        given, wanted = element.get("text"), item.definition.get("text")
        if given and given != wanted and given not in _translations(item.definition):
            text = messages.ITEM_TEXT(link_id=item.link_id, text=excerpt(wanted or ""))
            yield finding("error", "invalid", "item-text", text, f"{where}.text")

    def _presence(self, item: Item, element: Element, where: str) -> Iterator[Issue]:
        """Check that required answers are present."""
        count = len(element.get("item" if item.type == "group" else "answer", ()))
        if item.required and not count:
            text = messages.ITEM_REQUIRED(link_id=item.link_id)
            yield finding(self._missing_severity, "required", "item-required", text, where)
        if item.type == "group":
            return
        if count > 1 and not item.repeats:
            text = messages.ANSWER_TWICE(link_id=item.link_id, count=count)
            yield finding("error", "structure", "item-repeats", text, f"{where}.answer[1]")
        yield from self._occurrences(item, count, where)

    def _occurrences(self, item: Item, count: int, where: str) -> Iterator[Issue]:
        least = item.extension(f"{CORE}/questionnaire-minOccurs")
        most = item.extension(f"{CORE}/questionnaire-maxOccurs")
        values = {"link_id": item.link_id, "count": count}
        if type(least) is int and 0 < count < least:
            text = messages.ANSWERS_FEW(limit=least, **values)
            yield finding(self._missing_severity, "required", "min-occurs", text, where)
        if type(most) is int and count > most:
            text = messages.ANSWERS_MANY(limit=most, **values)
            yield finding("error", "structure", "max-occurs", text, where)

    def _answers(self, item: Item, element: Element, where: str, within: Within) -> Iterator[Issue]:
        answers = element.get("answer", ())
        if answers and item.type not in VALUE_TYPES:
            text = messages.ANSWER_IN_GROUP(link_id=item.link_id, type=item.type)
            yield finding("error", "structure", "answer-type", text, f"{where}.answer")
            return
        for index, answer in enumerate(answers):
            place = f"{where}.answer[{index}]"
            if value := value_of(answer, "value"):
                at = f"{place}.value.ofType({_type_name(value.type)})"
                found = Answer(item, self.form, *value, at, len(answers))
                yield from answer_issues(found, self.context)
            yield from self.items(answer, place, self.form.below[item], within)
        yield from calculation_issues(
            item, element, where, expressions=self.calculations, complete=self.complete
        )


def _translations(definition: Mapping[str, Any]) -> Iterator[Any]:
    """The translations of an item's text."""
    for translation in definition.get("_text", {}).get("extension", ()):
        if translation.get("url") == f"{CORE}/translation":
            yield from extension_values(translation, "content")


def _expected_place(item: Item) -> Text:
    if item.parent is None:
        return messages.AT_THE_TOP()
    template = messages.INSIDE_ITEM if item.parent.type == "group" else messages.UNDER_ANSWER
    return template(link_id=item.parent.link_id)


def _type_name(suffix: str) -> str:
    """The name of a type from its suffix in value[x], which capitalises primitive types."""
    complex_types = ("Coding", "Quantity", "Reference", "Attachment")
    return suffix if suffix in complex_types else suffix[0].lower() + suffix[1:]
