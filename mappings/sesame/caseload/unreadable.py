"""Warnings about the resources whose facts cannot be read, so that nobody takes a list for complete."""

from fhir_server.core.bundle import entry
from fhir_server.core.json import serialise
from fhir_server.core.outcome import operation_outcome
from fhir_server.issues import Issue, Language
from mappings.sesame.caseload import messages
from mappings.sesame.caseload.caseload import Snapshot


def unreadable_references(snapshot: Snapshot) -> list[str]:
    """The references of the resources that cannot be read, sorted."""
    return sorted(f"{type}/{id}" for type, id in snapshot.unreadable)


def warning(reference: str) -> Issue:
    """The warning about one of them."""
    return Issue("warning", "incomplete", messages.UNREAD(reference=reference), (reference,))


def warning_entries(references: list[str], language: Language) -> list[bytes]:
    """The Bundle entry with the warnings as an OperationOutcome; empty when every resource was read."""
    if not references:
        return []
    return [entry(resource=serialise(operation_outcome(map(warning, references), language)))]
