"""Whether a display is one that its code has, in the languages asked for.

https://hl7.org/fhir/R4/valueset-operation-validate-code.html
"""

from collections.abc import Iterator

from fhir_server.codes import messages
from fhir_server.codes.languages import Languages, display, displays
from fhir_server.definitions.code_systems import CodeSystem, Concept
from fhir_server.issues import Severity, Text

_SHOWN_MAX = 5

Found = tuple[Severity, str, str, Text]
"""Severity, issue type, the terminology service's issue type, and what is said."""


def as_compared(display: str) -> str:
    """A display as it is compared: case does not matter, white space does."""
    return display.casefold()


def display_issues(
    given: str, concept: Concept, system: CodeSystem, asked: Languages, severity: Severity
) -> Iterator[Found]:
    """What is wrong with a display: nothing where the code has none at all."""
    right = displays(concept, system.language, asked)
    compared = as_compared(given)
    if any(compared == as_compared(text) for text in right):
        return
    name = f"{system.url}#{concept.code}"
    every = displays(concept, system.language, Languages())
    if not right and concept.display and compared == as_compared(concept.display):
        text = messages.DISPLAY_IN_OTHER_LANGUAGE(code=name, language=asked, display=concept.display)
        yield "information", "invalid", "display-comment", text
    elif every:
        shown = right or ([concept.display] if concept.display else every)
        best = display(concept, system.language, asked)
        ordered = dict.fromkeys([*([best] if best in shown else []), *shown])
        language = messages.IN_LANGUAGE(language=asked) if asked.tags and right else ""
        text = messages.WRONG_DISPLAY(
            display=given, code=name, language=language, right="', '".join(list(ordered)[:_SHOWN_MAX])
        )
        yield severity, "invalid", "invalid-display", text
