"""Issues about the status of value sets, code systems and listed codes: draft, deprecated, retired and so on.

https://hl7.org/fhir/R4/valueset-publication-status.html
"""

from collections.abc import Iterator

from fhir_server.codes import messages
from fhir_server.codes.issues import tx_issue
from fhir_server.codes.validation_results import Coding, Place, coding_label
from fhir_server.codes.view import ValueSet
from fhir_server.definitions.code_systems import CodeSystem, effective_status, value_of
from fhir_server.definitions.compositions import Part
from fhir_server.issues import Issue

_WARNING_STATUSES = frozenset({"draft", "deprecated", "withdrawn", "retired"})
_DEPRECATED = "http://hl7.org/fhir/StructureDefinition/valueset-deprecated"


def status_issues(value_set: ValueSet, system: CodeSystem | None) -> Iterator[Issue]:
    """Information about a code system or value set whose status is not active."""
    said = []
    if system is not None and (status := warning_status(system, value_set)) is not None:
        said.append(("CodeSystem", system.canonical, status))
    if value_set.status in _WARNING_STATUSES - {"draft"}:
        said.append(("ValueSet", value_set.canonical, value_set.status))
    for kind, url, status in said:
        text = messages.RESOURCE_STATUS(kind=kind, url=url, status=status)
        yield tx_issue("information", "business-rule", "status-check", text)


def warning_status(system: CodeSystem, value_set: ValueSet) -> str | None:
    """The status of a code system if it is not active; `experimental` if it is but the value set is not."""
    if system.status in _WARNING_STATUSES:
        return system.status
    is_trial = system.experimental and not value_set.resource.get("experimental")
    return "experimental" if is_trial else None


def listed_code_issues(value_set: ValueSet, part: Part, coding: Coding, place: Place) -> Iterator[Issue]:
    """A warning for a code that the value set lists as deprecated or withdrawn."""
    entry = part.listing(str(coding.get("code", ""))) or {}
    status = effective_status(entry)
    if any(
        extension.get("url") == _DEPRECATED and value_of(extension) is True
        for extension in entry.get("extension", ())
    ):
        status = "deprecated"
    if status in ("deprecated", "withdrawn"):
        text = messages.LISTED_STATUS(code=coding_label(coding), value_set=value_set.label, status=status)
        yield tx_issue("warning", "business-rule", "code-comment", text, place.of("code"))
