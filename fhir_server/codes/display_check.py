"""The check of a display against those of its code, in the requested languages.

https://hl7.org/fhir/R4/valueset-operation-validate-code.html
"""

from collections.abc import Iterator

from fhir_server.codes import messages
from fhir_server.codes.languages import EVERY_LANGUAGE, Languages, best_display, is_current, valid_displays
from fhir_server.definitions.code_systems import CodeSystem, Concept, effective_status
from fhir_server.issues import IssueType, Severity, Text

_SHOWN_MAX = 5

DisplayIssue = tuple[Severity, IssueType, str, Text]
"""Severity, R4 issue type, tx-issue-type, and text."""


def display_key(display: str) -> str:
    """The key by which displays are compared: case-insensitive, white space is significant."""
    return display.casefold()


def display_issues(
    given: str, concept: Concept, system: CodeSystem, asked: Languages, severity: Severity
) -> Iterator[DisplayIssue]:
    """The issues of a display; none if the code has no displays at all."""
    right = valid_displays(concept, system.language, asked)
    compared = display_key(given)
    if any(compared == display_key(text) for text in right):
        return
    name = f"{system.url}#{concept.code}"
    every = valid_displays(concept, system.language, EVERY_LANGUAGE)
    if not right and concept.display and compared == display_key(concept.display):
        text = messages.DISPLAY_IN_OTHER_LANGUAGE(code=name, language=asked, display=concept.display)
        yield "information", "invalid", "invalid-display", text
        return
    shown = right or ([concept.display] if concept.display else every)
    best = best_display(concept, system.language, asked)
    ordered = "', '".join(list(dict.fromkeys([*([best] if best in shown else []), *shown]))[:_SHOWN_MAX])
    status = _stale_status(compared, concept)
    if status:
        text = messages.STALE_DISPLAY(display=given, code=name, status=status, right=ordered)
        yield severity, "invalid", "display-comment", text
    elif every:
        language = messages.IN_LANGUAGE(language=asked) if asked.tags and right else ""
        text = messages.WRONG_DISPLAY(display=given, code=name, language=language, right=ordered)
        yield severity, "invalid", "invalid-display", text


def _stale_status(compared: str, concept: Concept) -> str | None:
    """The status of the deprecated or withdrawn designation that a display matches; None if there is none."""
    for designation in concept.designations:
        if not is_current(designation) and display_key(str(designation.get("value", ""))) == compared:
            return effective_status(designation)
    return None
