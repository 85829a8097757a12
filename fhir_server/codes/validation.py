"""Whether codes are right: in their code system, in a value set, and with the display they carry.

https://hl7.org/fhir/R4/valueset-operation-validate-code.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_server.codes import messages
from fhir_server.codes.display_check import display_issues
from fhir_server.codes.expansion import included
from fhir_server.codes.issues import finding
from fhir_server.codes.languages import EVERY_LANGUAGE, Languages, display
from fhir_server.codes.view import ValueSet, View, version_fits
from fhir_server.definitions.code_systems import CodeSystem, Concept
from fhir_server.issues import Issue, Severity, Text

Coding = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a coding came from, as its issues name it: `code`, `Coding`, `CodeableConcept.coding[0]`."""

    prefix: str = ""

    def of(self, element: str) -> str:
        return f"{self.prefix}.{element}" if self.prefix else element

    @property
    def whole(self) -> str:
        return self.prefix or "code"


@dataclass(frozen=True, slots=True)
class Strictness:
    """What a code is held to."""

    languages: Languages = EVERY_LANGUAGE
    abstract_allowed: bool = True
    active_only: bool = False
    lenient_display: bool = False
    infer_system: bool = False
    membership_only: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one coding. `concept` None where the code is not known here."""

    coding: Coding
    issues: tuple[Issue, ...] = ()
    concept: Concept | None = None
    system: CodeSystem | None = None
    member: bool | None = True
    display: str | None = None
    unknown_system: str | None = None

    @property
    def result(self) -> bool:
        return self.member is not False and not any(issue.severity == "error" for issue in self.issues)


@dataclass(frozen=True, slots=True)
class ConceptVerdict:
    """What was found of a concept with several codings; `best` is the first that is right."""

    verdicts: tuple[Verdict, ...]
    issues: tuple[Issue, ...] = field(default=())

    @property
    def best(self) -> Verdict | None:
        return next((one for one in self.verdicts if one.member), None)

    @property
    def result(self) -> bool:
        return self.best is not None and not any(issue.severity == "error" for issue in self.issues)


class CodeValidator:
    """Checks codes as one view sees their systems and value sets."""

    def __init__(self, view: View, strictness: Strictness) -> None:
        self._view = view
        self._strictness = strictness

    # in a value set

    def concept_in(self, value_set: ValueSet, concept: Mapping[str, Any]) -> ConceptVerdict:
        """Whether one coding at least is in the value set, and none is wrong in itself."""
        verdicts = tuple(
            self.coding_in(value_set, coding, Place(f"CodeableConcept.coding[{number}]"), one_of_many=True)
            for number, coding in enumerate(concept.get("coding", ()))
        )
        issues = [issue for verdict in verdicts for issue in verdict.issues]
        if all(verdict.member is False for verdict in verdicts):
            text = messages.NO_VALID_CODING(value_set=value_set.canonical)
            issues.insert(0, finding("error", "code-invalid", "not-in-vs", text))
        return ConceptVerdict(verdicts, tuple(issues))

    def coding_in(
        self, value_set: ValueSet, coding: Coding, place: Place, one_of_many: bool = False
    ) -> Verdict:
        """Whether a coding is in the value set, and right in itself."""
        if "system" not in coding:
            return self._without_system(value_set, coding, place)
        member = value_set.composition.contains(coding["system"], str(coding.get("code", "")))
        own = self._in_system(coding, place, self._system_of(value_set, coding))
        issues = [] if self._strictness.membership_only and member is not None else list(own.issues)
        if own.system is None and member:
            if self._view.code_system(coding["system"]) is None:
                issues = [_softened(issue) for issue in issues]
            else:
                member = None
        if own.concept is not None and own.concept.inactive and self._active_only(value_set):
            outside = self._not_a_member(value_set, coding, place, False, one_of_many)
            issues += [self._inactive(own.concept, place), outside]
            member = False
        elif member is None and self._only_in_fragment(value_set, own):
            member = True
        elif member is None:
            issues += _missing_imports(value_set)
            if own.system is not None or self._view.versions_of(coding["system"]):
                issues.append(self._not_a_member(value_set, coding, place, None, one_of_many))
        elif not member:
            outside = self._not_a_member(value_set, coding, place, False, one_of_many)
            issues.insert(len(issues) if one_of_many else 0, outside)
        issues = [*_standing(value_set, own.system), *issues]
        return Verdict(
            coding, tuple(issues), own.concept, own.system, member, own.display, own.unknown_system
        )

    def _without_system(self, value_set: ValueSet, coding: Coding, place: Place) -> Verdict:
        code = str(coding.get("code", ""))
        if place.prefix and not self._strictness.infer_system:
            issue = finding("warning", "invalid", "invalid-data", messages.NO_SYSTEM(), place.whole)
            return Verdict(coding, (issue,), member=False)
        systems = list(dict.fromkeys(self._holding(value_set, code)))
        if len(systems) == 1:
            return self.coding_in(value_set, {**coding, "system": systems[0]}, place)
        outside = self._not_a_member(value_set, coding, place, False, False)
        if not systems:
            return Verdict(coding, (outside,), member=False)
        listed = ", ".join(systems)
        text = messages.CANNOT_INFER(code=code, value_set=value_set.canonical, systems=listed)
        ambiguous = finding("error", "not-found", "cannot-infer", text, place.of("code"))
        return Verdict(coding, (outside, ambiguous), member=False)

    def _holding(self, value_set: ValueSet, code: str) -> Iterator[str]:
        """The systems in which the value set has a code."""
        for part in included(value_set.composition):
            if part.system and value_set.composition.contains(part.system, code):
                yield part.system

    def _system_of(self, value_set: ValueSet, coding: Coding) -> str:
        """The canonical of the coding's system: in its own version, or that which the value set takes."""
        url = str(coding["system"])
        if version := coding.get("version"):
            return f"{url}|{version}"
        pinned = (p.version for p in included(value_set.composition) if p.system == url and p.version)
        version = next(pinned, None)
        return f"{url}|{version}" if version else url

    def _active_only(self, value_set: ValueSet) -> bool:
        return self._strictness.active_only or value_set.active_only

    def _only_in_fragment(self, value_set: ValueSet, own: Verdict) -> bool:
        """Whether only the part of a code system that is not here can tell that the code is no member."""
        known = own.system is not None and not own.system.listed
        return known and all(gap.kind == "fragment" for gap in value_set.composition.gaps)

    def _not_a_member(
        self, value_set: ValueSet, coding: Coding, place: Place, member: bool | None, one_of_many: bool
    ) -> Issue:
        name, url = _name(coding), value_set.canonical
        if member is None:
            gaps = (gap.subject for gap in value_set.composition.gaps)
            missing = next(gaps, _canonical(coding))
            reason = messages.MISSING_PART(subject=missing)
            text = messages.MEMBERSHIP_UNKNOWN(code=name, value_set=url, reason=reason)
            return finding("warning", "not-found", "vs-invalid", text)
        text = messages.NOT_IN_VALUE_SET(code=name, value_set=url)
        if one_of_many:
            return finding("information", "code-invalid", "this-code-not-in-vs", text, place.of("code"))
        return finding("error", "code-invalid", "not-in-vs", text, place.of("code"))

    # in a code system

    def coding_of(self, canonical: str, coding: Coding, place: Place) -> Verdict:
        """Whether a coding is right in the code system at `url` or `url|version`."""
        own = self._in_system(coding, place, canonical)
        if own.concept is not None and own.concept.inactive and self._strictness.active_only:
            issue = self._inactive(own.concept, place)
            return Verdict(coding, (*own.issues, issue), own.concept, own.system, False, own.display)
        return own

    def _in_system(self, coding: Coding, place: Place, canonical: str) -> Verdict:
        system = self._view.code_system(canonical)
        if system is None or system.content == "supplement":
            return self._unknown_system(coding, place, canonical)
        code = str(coding.get("code", ""))
        concept = system.find(code)
        if concept is None:
            return self._unknown_code(coding, place, system, code)
        shown = display(concept, system.language, self._strictness.languages) or concept.display
        issues = (
            () if self._strictness.membership_only else tuple(self._issues(coding, place, system, concept))
        )
        return Verdict(coding, issues, concept, system, display=shown)

    def _unknown_system(self, coding: Coding, place: Place, canonical: str) -> Verdict:
        url, _, version = canonical.partition("|")
        text: Text = messages.UNKNOWN_CODE_SYSTEM(url=url)
        if version:
            known = ", ".join(self._view.versions_of(url)) or "-"
            text = messages.UNKNOWN_VERSION(url=url, version=version, known=known)
        issue = finding("error", "not-found", "not-found", text, place.of("system"))
        return Verdict(coding, (issue,), member=None, unknown_system=canonical)

    def _unknown_code(self, coding: Coding, place: Place, system: CodeSystem, code: str) -> Verdict:
        where = place.of("code")
        if system.has(code) is None:
            text = messages.UNKNOWN_IN_FRAGMENT(code=code, system=system.canonical)
            issue = finding("warning", "code-invalid", "invalid-code", text, where)
            return Verdict(coding, (issue,), None, system)
        text = messages.UNKNOWN_CODE(code=code, system=system.canonical)
        issue = finding("error", "code-invalid", "invalid-code", text, where)
        return Verdict(coding, (issue,), None, system, member=False)

    def _issues(self, coding: Coding, place: Place, system: CodeSystem, concept: Concept) -> Iterator[Issue]:
        where = place.of("code")
        wanted = self._view.versions.check.get(system.url)
        if wanted and not version_fits(system.version, wanted):
            text = messages.VERSION_MISMATCH(url=system.url, version=system.version or "-", wanted=wanted)
            yield finding("error", "exception", "version-error", text, place.of("version"))
        if concept.code != coding.get("code"):
            text = messages.CODE_CASE(system=system.canonical, right=concept.code, code=coding.get("code"))
            yield finding("information", "business-rule", "code-rule", text, where)
        if concept.abstract and not self._strictness.abstract_allowed:
            text = messages.ABSTRACT_CODE(code=_name(coding))
            yield finding("error", "business-rule", "code-rule", text, where)
        if (concept.inactive or concept.status == "deprecated") and not self._strictness.active_only:
            status = concept.status if concept.status != "active" else "inactive"
            text = messages.REVIEW_STATUS(code=_name(coding), status=status)
            yield finding("warning", "business-rule", "code-comment", text, where)
        if "display" in coding:
            severity: Severity = "warning" if self._strictness.lenient_display else "error"
            found = display_issues(
                str(coding["display"]), concept, system, self._strictness.languages, severity
            )
            yield from (finding(*one, place.of("display")) for one in found)

    def _inactive(self, concept: Concept, place: Place) -> Issue:
        text = messages.INACTIVE_CODE(code=concept.code)
        return finding("error", "business-rule", "code-rule", text, place.of("code"))


def _softened(issue: Issue) -> Issue:
    """An unknown system is worth a warning only, where the value set lists the code itself."""
    return Issue("warning", issue.code, issue.text, issue.expression, issue.key)


def _missing_imports(value_set: ValueSet) -> Iterator[Issue]:
    """The value sets that are drawn upon and not known here."""
    for gap in value_set.composition.gaps:
        if gap.kind == "value-set":
            yield finding("error", "not-found", "not-found", messages.UNKNOWN_VALUE_SET(url=gap.subject))


def _canonical(coding: Coding) -> str:
    version = f"|{coding['version']}" if coding.get("version") else ""
    return f"{coding.get('system', '')}{version}"


def _name(coding: Coding) -> str:
    """`system|version#code`, as issues name a coding."""
    return f"{_canonical(coding)}#{coding.get('code', '')}"


_REMARKABLE = frozenset({"draft", "deprecated", "withdrawn", "retired"})


def _standing(value_set: ValueSet, system: CodeSystem | None) -> Iterator[Issue]:
    """What is to be said of resources that are not, or no longer, in force."""
    said = []
    if system is not None:
        if system.status in _REMARKABLE:
            said.append(("CodeSystem", system.canonical, system.status))
        elif system.experimental and not value_set.resource.get("experimental"):
            said.append(("CodeSystem", system.canonical, "experimental"))
    if value_set.standing in _REMARKABLE - {"draft"}:
        said.append(("ValueSet", value_set.canonical, value_set.standing))
    for kind, url, status in said:
        text = messages.RESOURCE_STATUS(kind=kind, url=url, status=status)
        yield finding("information", "business-rule", "status-check", text)
