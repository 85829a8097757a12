"""The choice of the code system version in which a coding is validated against a value set.

https://hl7.org/fhir/R4/valueset.html#compositions
"""

from collections.abc import Iterator
from dataclasses import dataclass

from fhir_server.codes import messages
from fhir_server.codes.display_check import display_key
from fhir_server.codes.expansion import included_parts
from fhir_server.codes.issues import tx_issue
from fhir_server.codes.languages import EVERY_LANGUAGE, valid_displays
from fhir_server.codes.validation_results import Coding, Place
from fhir_server.codes.view import ValueSet, View, version_fits
from fhir_server.core.reference import with_version
from fhir_server.definitions.code_systems import CodeSystem
from fhir_server.definitions.compositions import Part
from fhir_server.definitions.semver import rank
from fhir_server.issues import Issue, Text


@dataclass(frozen=True, slots=True)
class ChosenVersion:
    """The `system` to look a coding up in, None if it is unknown; issues about the version; and the canonical
    of a `missing` version.
    """

    system: CodeSystem | None
    issues: tuple[Issue, ...] = ()
    missing: str | None = None


def matching_part(value_set: ValueSet, coding: Coding) -> Part | None:
    """The part of the composition to validate a coding against.

    Preferred are parts of the coding's version, then parts with its code: of several, those with its display,
    then the newest version. Else it is the first part of its system.
    """
    system, code = coding["system"], str(coding.get("code", ""))
    parts = [part for part in included_parts(value_set.composition) if part.system == system]
    same = [part for part in parts if coding.get("version") and _version(part) == coding["version"]]
    holding = [part for part in same or parts if part.contains(system, code)]
    if len(holding) > 1:
        shown = [part for part in holding if _has_display(part, code, coding.get("display"))]
        return max(shown or holding, key=lambda part: rank(_version(part)))
    return next(iter(holding or same or parts), None)


def _version(part: Part) -> str:
    return (part.code_system.version if part.code_system else part.version) or ""


def _has_display(part: Part, code: str, display: object) -> bool:
    """Whether a code has this display in the part's version of the system."""
    concept = part.code_system.find(code) if part.code_system else None
    known = valid_displays(concept, None, EVERY_LANGUAGE) if concept else ()
    return isinstance(display, str) and display_key(display) in map(display_key, known)


def choose_version(view: View, part: Part, coding: Coding, place: Place) -> ChosenVersion:
    """The version that the value set uses, with issues if the coding's version differs."""
    url, given = str(coding["system"]), str(coding.get("version") or "")
    asked = view.versions.chosen(url, part.version or "")
    if part.code_system is None:
        return _missing_version(view, url, asked, given, place)
    held = part.code_system
    if version_fits(held.version, given):
        return ChosenVersion(held)
    if given in view.versions_of(url):
        text = messages.OTHER_VERSION(url=url, version=held.version or "-", given=given)
        return ChosenVersion(held, (_mismatch(text, place),))
    issues = (_version_mismatch(part, held, asked, given, place), unknown_version(view, url, given, place))
    return ChosenVersion(held, issues, f"{url}|{given}")


def _missing_version(view: View, url: str, asked: str, given: str, place: Place) -> ChosenVersion:
    """The choice if the value set uses an unknown version, or a system without any known version."""
    if not view.versions_of(url):
        return ChosenVersion(None)
    known = given or view.versions.default.get(url) or view.versions.check.get(url, "")
    shown = view.code_system(with_version(url, known)) or view.registry.code_system(url)
    return ChosenVersion(
        shown, tuple(_missing_version_issues(view, url, asked, given, place)), f"{url}|{asked}"
    )


def _missing_version_issues(view: View, url: str, asked: str, given: str, place: Place) -> Iterator[Issue]:
    if given and given != asked:
        yield _mismatch(messages.OTHER_VERSION(url=url, version=asked, given=given), place)
    yield unknown_version(view, url, asked, place)


def _version_mismatch(part: Part, held: CodeSystem, asked: str, given: str, place: Place) -> Issue:
    """The issue of a coding's version that is unknown and not the one that the value set uses."""
    if not asked:
        text = messages.OTHER_DEFAULT(url=held.url, version=held.version or "-", given=given)
        return tx_issue("warning", "invalid", "vs-invalid", text, place.of("version"))
    if asked == part.version:
        text = messages.OTHER_VERSION(url=held.url, version=asked, given=given)
    else:
        text = messages.OTHER_ASKED(url=held.url, version=asked, own=part.version or "-", given=given)
    return _mismatch(text, place)


def _mismatch(text: Text, place: Place) -> Issue:
    return tx_issue("error", "invalid", "vs-invalid", text, place.of("version"))


def unknown_version(view: View, url: str, version: str, place: Place) -> Issue:
    """The issue of an unknown version of a known system."""
    known = ", ".join(view.versions_of(url)) or "-"
    text = messages.UNKNOWN_VERSION(url=url, version=version, known=known)
    return tx_issue("error", "not-found", "not-found", text, place.of("system"))


def version_check_issues(view: View, system: CodeSystem, coding: Coding, place: Place) -> Iterator[Issue]:
    """An issue if the version is not the one that the request requires (check-system-version)."""
    wanted = view.versions.check.get(system.url)
    if wanted and not version_fits(system.version, wanted):
        text = messages.VERSION_MISMATCH(url=system.url, version=system.version or "-", wanted=wanted)
        where = (place.of("version"),) if coding.get("version") else ()
        yield tx_issue("error", "exception", "version-error", text, *where)
