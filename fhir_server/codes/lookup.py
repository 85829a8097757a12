"""$lookup and $subsumes: the details of a code, and the relation of two codes.

https://hl7.org/fhir/R4/codesystem-operation-lookup.html
https://hl7.org/fhir/R4/codesystem-operation-subsumes.html
"""

from collections.abc import Iterator
from typing import Any

from fhir_server.codes import messages
from fhir_server.codes.expansion_entries import display_designation, property_values
from fhir_server.codes.issues import tx_error
from fhir_server.codes.languages import Languages, best_display, language_matches
from fhir_server.codes.view import View
from fhir_server.definitions.code_systems import CodeSystem, Concept, value_of
from fhir_server.errors import NotFound, Unprocessable
from fhir_server.issues import IssueType

Part = dict[str, Any]

ALL = "*"
_OF_LANGUAGE = "lang."
"""The prefix of a property that requests designations in a language."""

_DESCRIBING = ("parent", "child", "inactive", "notSelectable", "status")
_BASIC = frozenset({"code", "system", "name", "version", "display", "definition", "designation"})


def require_code_system(view: View, canonical: str) -> CodeSystem:
    """The code system at `url` or `url|version`. Raises `NotFound`, also for a supplement: it has
    no codes.
    """
    system = view.code_system(canonical)
    if system is None or system.content == "supplement":
        url, _, version = canonical.partition("|")
        known = ", ".join(view.versions_of(url))
        text = messages.UNKNOWN_CODE_SYSTEM(url=canonical)
        if version and known:
            text = messages.UNKNOWN_VERSION(url=url, version=version, known=known)
        raise tx_error(NotFound, text, "not-found")
    return system


def require_concept(system: CodeSystem, code: str, issue_type: IssueType = "not-found") -> Concept:
    """The concept of a code. Raises `NotFound`."""
    concept = system.find(code)
    if concept is None:
        template = messages.UNKNOWN_CODE if system.has(code) is False else messages.UNKNOWN_IN_FRAGMENT
        text = template(code=code, system=system.canonical)
        raise tx_error(NotFound, text, issue_type, kind="invalid-code")
    return concept


def lookup(system: CodeSystem, concept: Concept, wanted: tuple[str, ...], asked: Languages) -> Iterator[Part]:
    """The output parameters of $lookup for a concept."""
    yield {"name": "name", "valueString": system.name or system.title or system.url}
    yield {"name": "code", "valueCode": concept.code}
    yield {"name": "system", "valueUri": system.url}
    if system.version:
        yield {"name": "version", "valueString": system.version}
    yield {
        "name": "display",
        "valueString": best_display(concept, system.language, asked) or concept.display or concept.code,
    }
    yield {"name": "abstract", "valueBoolean": concept.abstract}
    if concept.definition and (not wanted or ALL in wanted or "definition" in wanted):
        yield {"name": "definition", "valueString": concept.definition}
    if not wanted or ALL in wanted or "designation" in wanted:
        yield from _designations(system, concept, asked.tags)
    elif tags := tuple(name.removeprefix(_OF_LANGUAGE) for name in wanted if name.startswith(_OF_LANGUAGE)):
        yield from _designations(system, concept, tags, in_none=False)
    for name in _names(concept, wanted):
        for value in property_values(concept, system, name):
            yield {"name": "property", "part": list(_property(system, name, value))}


def _names(concept: Concept, wanted: tuple[str, ...]) -> Iterator[str]:
    """The names of the properties to return, each once."""
    everything = not wanted or ALL in wanted
    own = [str(property["code"]) for property in concept.properties if "code" in property]
    for name in dict.fromkeys((*_DESCRIBING, *own, *wanted)):
        if name not in _BASIC and name != ALL and (everything or name in wanted):
            yield name


def _property(system: CodeSystem, name: str, value: Part) -> Iterator[Part]:
    yield {"name": "code", "valueCode": name}
    yield {"name": "value", **value}
    related = system.find(str(value_of(value))) if name in ("parent", "child") else None
    if related is not None and related.display:
        yield {"name": "description", "valueString": related.display}


def _designations(
    system: CodeSystem, concept: Concept, tags: tuple[str, ...], in_none: bool = True
) -> Iterator[Part]:
    """The designations in the requested languages; all if none is requested. With `in_none`, those without a
    language too.
    """
    own = [display_designation(concept, system.language)] if concept.display else []
    for designation in (*own, *concept.designations):
        is_spoken = any(language_matches(designation.get("language"), tag) for tag in tags)
        if tags and not is_spoken and not (in_none and "language" not in designation):
            continue
        values = {"language": "valueCode", "use": "valueCoding", "value": "valueString"}
        parts = [{"name": name, values[name]: designation[name]} for name in values if name in designation]
        yield {"name": "designation", "part": parts}


def subsumption(system: CodeSystem, first: str, second: str) -> str:
    """The relation of two codes: equivalent, subsumes, subsumed-by or not-subsumed. Raises `NotFound`."""
    left, right = (require_concept(system, code, "code-invalid") for code in (first, second))
    if left.code == right.code:
        return "equivalent"
    if not system.concepts:
        text = messages.SYSTEM_LISTS_NOTHING(url=system.url, content=system.content)
        raise tx_error(Unprocessable, text, "not-supported")
    if right.code in system.descendants(left.code):
        return "subsumes"
    return "subsumed-by" if left.code in system.descendants(right.code) else "not-subsumed"
