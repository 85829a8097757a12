"""Validation of codes: in their code system, in a value set, and with their display.

https://hl7.org/fhir/R4/valueset-operation-validate-code.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from fhir_server.codes import messages
from fhir_server.codes.display_check import display_issues
from fhir_server.codes.expansion import gap_error, included_parts
from fhir_server.codes.issues import tx_issue
from fhir_server.codes.languages import best_display
from fhir_server.codes.status_issues import listed_code_issues, status_issues
from fhir_server.codes.validation_results import (
    Coding,
    CodingResult,
    ConceptResult,
    Place,
    ValidationOptions,
    canonical_of,
    coding_label,
    expected_system,
    is_of_other_system,
)
from fhir_server.codes.version_choice import (
    ChosenVersion,
    choose_version,
    matching_part,
    unknown_version,
    version_check_issues,
)
from fhir_server.codes.view import ValueSet, View
from fhir_server.core.reference import is_absolute
from fhir_server.definitions.code_systems import CodeSystem, Concept
from fhir_server.issues import Issue, Severity


class CodeValidator:
    """Validates codes by the code systems and value sets of one view."""

    def __init__(self, view: View, options: ValidationOptions) -> None:
        self._view = view
        self._options = options

    # in a value set

    def validate_codings(self, value_set: ValueSet, concept: Mapping[str, Any]) -> Iterator[CodingResult]:
        """The result of each coding of a CodeableConcept."""
        for number, coding in enumerate(concept.get("coding", ())):
            place = Place(f"CodeableConcept.coding[{number}]")
            yield self.validate_coding(value_set, coding, place, one_of_many=True)

    def concept_result(self, value_set: ValueSet, results: tuple[CodingResult, ...]) -> ConceptResult:
        """The result of a CodeableConcept: one coding must be in the value set, and none may be invalid."""
        issues = [issue for result in results for issue in result.issues]
        if all(result.member is False for result in results):
            text = messages.NO_VALID_CODING(value_set=value_set.label)
            issues.insert(0, tx_issue("error", "code-invalid", "not-in-vs", text))
        return ConceptResult(results, tuple(issues))

    def validate_coding(
        self, value_set: ValueSet, coding: Coding, place: Place, one_of_many: bool = False
    ) -> CodingResult:
        """Validate a coding and its membership in the value set. Raises `FhirError` for a value set that
        cannot be applied.
        """
        for gap in value_set.composition.gaps:
            if gap.kind in ("filter", "empty", "cost"):
                raise gap_error(value_set, gap)
        if "code" not in coding:
            return self._without_code(coding, place)
        if "system" not in coding:
            return self._without_system(value_set, coding, place, one_of_many)
        own = self._in_chosen_version(value_set, coding, place)
        member, issues = self._membership(value_set, coding, own, place, one_of_many)
        issues = [*status_issues(value_set, own.system), *issues]
        return replace(own, issues=tuple(issues), member=member)

    def _in_chosen_version(self, value_set: ValueSet, coding: Coding, place: Place) -> CodingResult:
        """The coding validated in its system, in the version that the value set uses."""
        part = matching_part(value_set, coding)
        held = choose_version(self._view, part, coding, place) if part else None
        if held is None or (held.system is None and held.missing is None):
            return self._in_system(coding, place, canonical_of(coding))
        own = self._in_known_system(coding, place, held)
        remarks = listed_code_issues(value_set, part, coding, place) if part and own.concept else ()
        return replace(own, issues=(*own.issues, *remarks), unknown_system=held.missing)

    def _membership(
        self, value_set: ValueSet, coding: Coding, own: CodingResult, place: Place, one_of_many: bool
    ) -> tuple[bool | None, list[Issue]]:
        """Whether the coding is in the value set, and the issues of membership and of the coding itself."""
        member = value_set.composition.contains(coding["system"], str(coding["code"]))
        if member and own.member is False:
            member = False
        issues = [] if self._options.membership_only and member is not None else list(own.issues)
        if member and own.system is None:
            return True, [_as_warning(issue) for issue in issues]
        if own.concept is not None and own.concept.inactive and self._active_only(value_set):
            outside = self._not_a_member(value_set, coding, place, one_of_many)
            return False, [*issues, self._inactive(own.concept, place), outside]
        if own.concept is not None and own.concept.abstract and not self._options.abstract_allowed:
            return False, [*issues, self._not_a_member(value_set, coding, place, one_of_many)]
        if member is None:
            if self._only_in_fragment(value_set, own):
                return True, issues
            issues += _missing_imports(value_set, self._view)
            if not any(issue.severity == "error" for issue in issues):
                issues.append(_membership_unknown(value_set, coding))
        elif not member:
            outside = self._not_a_member(value_set, coding, place, one_of_many)
            issues.insert(len(issues) if one_of_many else 0, outside)
        return member, issues

    def _without_code(self, coding: Coding, place: Place) -> CodingResult:
        issues = [tx_issue("error", "invalid", "invalid-data", messages.NO_CODE(), place.whole)]
        if "system" not in coding:
            issues.append(_no_system(place))
        return CodingResult(coding, tuple(issues), member=False)

    def _without_system(
        self, value_set: ValueSet, coding: Coding, place: Place, one_of_many: bool
    ) -> CodingResult:
        outside = self._not_a_member(value_set, coding, place, one_of_many)
        if place.prefix and not self._options.infer_system:
            return CodingResult(coding, (outside, _no_system(place)), member=False)
        code = str(coding["code"])
        systems = list(dict.fromkeys(self._systems_with_code(value_set, code)))
        if len(systems) == 1:
            return self.validate_coding(value_set, {**coding, "system": systems[0]}, place)
        if not systems:
            return CodingResult(coding, (outside,), member=False)
        listed = ", ".join(systems)
        text = messages.CANNOT_INFER(code=code, value_set=value_set.label, systems=listed)
        ambiguous = tx_issue("error", "not-found", "cannot-infer", text, place.of("code"))
        return CodingResult(coding, (outside, ambiguous), member=False)

    def _systems_with_code(self, value_set: ValueSet, code: str) -> Iterator[str]:
        """The code systems in which the value set contains a code."""
        for part in included_parts(value_set.composition):
            if part.system and value_set.composition.contains(part.system, code):
                yield part.system

    def _active_only(self, value_set: ValueSet) -> bool:
        return self._options.active_only or value_set.active_only

    def _only_in_fragment(self, value_set: ValueSet, own: CodingResult) -> bool:
        """Whether membership is unknown only because the code system is incomplete here."""
        known = own.system is not None and not own.system.is_complete
        return known and all(gap.kind == "fragment" for gap in value_set.composition.gaps)

    def _not_a_member(self, value_set: ValueSet, coding: Coding, place: Place, one_of_many: bool) -> Issue:
        text = messages.NOT_IN_VALUE_SET(code=coding_label(coding), value_set=value_set.label)
        if one_of_many:
            return tx_issue("information", "code-invalid", "this-code-not-in-vs", text, place.of("code"))
        return tx_issue("error", "code-invalid", "not-in-vs", text, place.of("code"))

    # in a code system

    def validate_concept_in_system(self, system: str | None, concept: Mapping[str, Any]) -> ConceptResult:
        """Validate a CodeableConcept in the given code system, or each coding in its own if none is given.

        One coding must be valid and none invalid there. Codings of other systems are skipped.
        """
        codings = concept.get("coding", ())
        passed_over: Severity = (
            "error" if all(is_of_other_system(system, coding) for coding in codings) else "information"
        )
        results = []
        for number, coding in enumerate(codings):
            place = Place(f"CodeableConcept.coding[{number}]")
            if is_of_other_system(system, coding):
                text = messages.OTHER_SYSTEM(system=canonical_of(coding), url=system)
                issue = tx_issue(passed_over, "code-invalid", "invalid-data", text, place.of("system"))
                results.append(CodingResult(coding, (issue,), member=False))
            else:
                results.append(self.validate_coding_in_system(system, coding, place))
        return ConceptResult(tuple(results), tuple(issue for result in results for issue in result.issues))

    def validate_coding_in_system(self, system: str | None, given: Coding, place: Place) -> CodingResult:
        """Validate a coding in the system at `url` or `url|version`; in its own if none is given."""
        canonical = expected_system(system, given)
        coding = {**given, "system": canonical.partition("|")[0]} if canonical else given
        if "code" not in coding:
            return self._without_code(coding, place)
        if not canonical:
            return CodingResult(coding, (_no_system(place),), member=False)
        own = self._in_system(coding, place, canonical)
        if own.concept is not None and own.concept.inactive and self._options.active_only:
            issue = self._inactive(own.concept, place)
            return replace(own, issues=(*own.issues, issue), member=False)
        return own

    def _in_system(self, coding: Coding, place: Place, canonical: str) -> CodingResult:
        system = self._view.code_system(canonical)
        if system is None or system.content == "supplement":
            return self._unknown_system(coding, place, canonical)
        return self._in_known_system(coding, place, ChosenVersion(system))

    def _in_known_system(self, coding: Coding, place: Place, held: ChosenVersion) -> CodingResult:
        """The coding validated in a system of the chosen version."""
        system, code = held.system, str(coding["code"])
        concept = system.find(code) if system else None
        if system is None or concept is None:
            found = self._unknown_code(coding, place, system, code) if system else CodingResult(coding)
            return replace(found, issues=(*held.issues, *found.issues))
        shown = best_display(concept, system.language, self._options.languages) or concept.display
        issues = () if self._options.membership_only else tuple(self._issues(coding, place, system, concept))
        return CodingResult(coding, (*held.issues, *issues), concept, system, display=shown)

    def _unknown_system(self, coding: Coding, place: Place, canonical: str) -> CodingResult:
        url, _, version = canonical.partition("|")
        if self._view.registry.canonical(url, "ValueSet") is not None:
            text = messages.SYSTEM_IS_VALUE_SET(url=url)
            issue = tx_issue("error", "invalid", "invalid-data", text, place.of("system"))
            return CodingResult(coding, (issue,), member=None)
        if version and self._view.versions_of(url):
            issue = unknown_version(self._view, url, version, place)
        else:
            text = messages.UNKNOWN_CODE_SYSTEM(url=url)
            issue = tx_issue("error", "not-found", "not-found", text, place.of("system"))
        issues = (issue,) if is_absolute(url) else (issue, _relative_system(url, place))
        return CodingResult(coding, issues, member=None, unknown_system=canonical)

    def _unknown_code(self, coding: Coding, place: Place, system: CodeSystem, code: str) -> CodingResult:
        where = place.of("code")
        if system.has(code) is None:
            text = messages.UNKNOWN_IN_FRAGMENT(code=code, system=system.canonical)
            issue = tx_issue("warning", "code-invalid", "invalid-code", text, where)
            return CodingResult(coding, (issue,), system=system)
        text = messages.UNKNOWN_CODE(code=code, system=system.canonical)
        issue = tx_issue("error", "code-invalid", "invalid-code", text, where)
        return CodingResult(coding, (issue,), system=system, member=False)

    def _issues(self, coding: Coding, place: Place, system: CodeSystem, concept: Concept) -> Iterator[Issue]:
        where = place.of("code")
        yield from version_check_issues(self._view, system, coding, place)
        if concept.code != coding.get("code"):
            text = messages.CODE_CASE(system=system.canonical, right=concept.code, code=coding.get("code"))
            yield tx_issue("information", "business-rule", "code-rule", text, where)
        if concept.abstract and not self._options.abstract_allowed:
            text = messages.ABSTRACT_CODE(code=coding_label(coding))
            yield tx_issue("error", "business-rule", "code-rule", text, where)
        if concept.inactive or concept.status == "deprecated":
            status = concept.status if concept.status != "active" else "inactive"
            text = messages.REVIEW_STATUS(code=coding_label(coding), status=status)
            yield tx_issue("warning", "business-rule", "code-comment", text, place.whole)
        if "display" in coding:
            severity: Severity = "warning" if self._options.lenient_display else "error"
            found = display_issues(str(coding["display"]), concept, system, self._options.languages, severity)
            yield from (tx_issue(*fault, place.of("display")) for fault in found)

    def _inactive(self, concept: Concept, place: Place) -> Issue:
        text = messages.INACTIVE_CODE(code=concept.code)
        return tx_issue("error", "business-rule", "code-rule", text, place.of("code"))


def _as_warning(issue: Issue) -> Issue:
    """Downgrade an issue about an unknown system to a warning, if the value set lists the code itself."""
    return Issue("warning", issue.code, issue.text, issue.expression, issue.key)


def _no_system(place: Place) -> Issue:
    return tx_issue("error", "invalid", "invalid-data", messages.NO_SYSTEM(), place.whole)


def _relative_system(url: str, place: Place) -> Issue:
    text = messages.SYSTEM_RELATIVE(url=url)
    return tx_issue("error", "invalid", "invalid-data", text, place.of("system"))


def _membership_unknown(value_set: ValueSet, coding: Coding) -> Issue:
    missing = next((gap.subject for gap in value_set.composition.gaps), canonical_of(coding))
    reason = messages.MISSING_PART(subject=missing)
    text = messages.MEMBERSHIP_UNKNOWN(code=coding_label(coding), value_set=value_set.label, reason=reason)
    return tx_issue("warning", "not-found", "vs-invalid", text)


def _missing_imports(value_set: ValueSet, view: View) -> Iterator[Issue]:
    """An error for each imported value set that is unknown."""
    for gap in value_set.composition.gaps:
        if gap.kind == "value-set":
            text = messages.UNKNOWN_VALUE_SET(url=view.with_requested_version(gap.subject))
            yield tx_issue("error", "not-found", "not-found", text)
