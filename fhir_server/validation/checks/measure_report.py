"""Checks of a MeasureReport against its Measure, if that is known.

https://hl7.org/fhir/R4/measurereport.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fhir_server.issues import Issue, Text
from fhir_server.validation.checks import messages
from fhir_server.validation.checks.check import CheckContext, Resource, finding
from fhir_server.validation.findings import excerpt

Element = Mapping[str, Any]


class MeasureReportCheck:
    """Checks that groups and populations are those of the measure, and that subject lists are expected.

    It only warns on a write: measures change, and old reports of them stay.
    """

    types = frozenset({"MeasureReport"})

    def check(self, resource: Resource, context: CheckContext) -> Iterator[Issue]:
        canonical = resource.get("measure")
        if context.errors_only or not isinstance(canonical, str):
            return
        measure = context.canonical(canonical, "Measure")
        if measure is None:
            return
        for index, group in enumerate(resource.get("group", ())):
            place = f"MeasureReport.group[{index}]"
            definition = _definition(group, measure.get("group", ()))
            if definition is None:
                yield _warning(messages.GROUP_NOT_MEASURED(code=_shown(group), measure=canonical), place)
            else:
                yield from _populations(group, definition, place, canonical)
            if resource.get("type") != "subject-list":
                yield from _subjects(group, place)


def _definition(group: Element, groups: Sequence[Element]) -> Element | None:
    """The group of the measure that a group of the report belongs to; the only group needs no code."""
    if len(groups) == 1 and "code" not in group:
        return groups[0]
    return next((defined for defined in groups if _same(defined, group)), None)


def _populations(group: Element, definition: Element, place: str, measure: str) -> Iterator[Issue]:
    known = definition.get("population", ())
    for index, population in enumerate(group.get("population", ())):
        if "code" in population and not any(_same(defined, population) for defined in known):
            text = messages.POPULATION_NOT_MEASURED(code=_shown(population), measure=measure)
            yield _warning(text, f"{place}.population[{index}].code")


def _subjects(group: Element, place: str) -> Iterator[Issue]:
    for index, population in enumerate(group.get("population", ())):
        if "subjectResults" in population:
            yield _warning(messages.SUBJECTS_UNWANTED(), f"{place}.population[{index}].subjectResults")


def _same(one: Element, other: Element) -> bool:
    """Whether two elements have a code in common, or the same text."""
    mine, theirs = one.get("code", {}), other.get("code", {})
    if _codes(mine) or _codes(theirs):
        return not _codes(mine).isdisjoint(_codes(theirs))
    return bool(mine.get("text") == theirs.get("text"))


def _codes(concept: Element) -> set[tuple[str, str]]:
    codings = concept.get("coding", ())
    return {(str(coding.get("system", "")), str(coding["code"])) for coding in codings if "code" in coding}


def _shown(holder: Element) -> str:
    concept = holder.get("code", {})
    codes = sorted("|".join(code) for code in _codes(concept))
    return excerpt(", ".join(codes) or concept.get("text", ""))


def _warning(text: Text, place: str) -> Issue:
    return finding("warning", "invalid", "measure-report", text, place)
