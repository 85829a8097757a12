"""Findings for JSON properties that are not elements of their object, with a suggestion.

https://hl7.org/fhir/R4/json.html
"""

from collections.abc import Collection, Mapping
from difflib import get_close_matches

from fhir_server.definitions.elements import type_suffix
from fhir_server.issues import Text
from fhir_server.validation import messages
from fhir_server.validation.findings import Finding, quoted_list, shortened, step_to


def unknown_element(
    name: str, owner: str, known: Collection[str], choices: Mapping[str, tuple[str, ...]]
) -> Finding:
    """The finding for a property `name` that is not among the `known` ones of the type `owner`."""
    text = _explanation(name, owner, known, choices)
    element = name[1:] if text.template is messages.NO_COMPANION else name
    return Finding("structure", text, step_to(element))


def _explanation(
    name: str, owner: str, known: Collection[str], choices: Mapping[str, tuple[str, ...]]
) -> Text:
    if name == "fhir_comments":
        return messages.COMMENTS()
    if name.startswith("_") and name[1:] in known:
        return messages.NO_COMPANION(name=name, element=name[1:])
    shown = shortened(name)
    if name in choices:
        return messages.CHOICE_WITHOUT_TYPE(name=name, names=quoted_list(choices[name]))
    for element, names in choices.items():
        if type_suffix(name, element):
            return messages.CHOICE_TYPE_NOT_ALLOWED(
                name=shown, owner=owner, element=element, names=quoted_list(names)
            )
    return messages.UNKNOWN_ELEMENT(name=shown, owner=owner, hint=suggestion(shown, known))


def suggestion(name: str, known: Collection[str]) -> Text:
    """A hint with the known name most similar to this one; empty if none is similar."""
    alike = get_close_matches(name, known, n=1) or [other for other in known if other.lower() == name.lower()]
    return messages.DID_YOU_MEAN(name=alike[0]) if alike else messages.NO_HINT()
