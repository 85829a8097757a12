"""Checks of Bundles: identity of entries, links, searchsets, requests, references of documents and messages.

R4's invariants of Bundles (bdl-1 to bdl-12) are checked as such. https://hl7.org/fhir/R4/bundle.html
"""

from collections.abc import Iterator, Sequence
from typing import Any

from fhir_server.core.reference import parse_reference
from fhir_server.definitions.registry import Registry
from fhir_server.issues import Issue, Severity
from fhir_server.validation.checks import messages
from fhir_server.validation.checks.bundle_references import linkage_issues, urns_of
from fhir_server.validation.checks.bundle_requests import request_issues
from fhir_server.validation.checks.bundle_searchset import searchset_issues
from fhir_server.validation.checks.check import CheckContext, Resource, finding
from fhir_server.validation.findings import excerpt
from fhir_server.validation.messages import NO_HINT

Entry = dict[str, Any]

FIRST = {"document": "Composition", "message": "MessageHeader"}
REQUESTS = ("transaction", "batch")
WITHOUT_FULL_URL = frozenset({*REQUESTS, "transaction-response", "batch-response"})
PAGED = frozenset({"searchset", "history"})
PAGE_LINKS = frozenset({"first", "previous", "prev", "next", "last"})


class BundleCheck:
    """Checks the entries of a Bundle against each other and against its type."""

    types = frozenset({"Bundle"})

    def check(self, resource: Resource, context: CheckContext) -> Iterator[Issue]:
        type_name, entries = resource.get("type", ""), resource.get("entry", [])
        yield from _links(resource.get("link", ()), type_name)
        for index, entry in enumerate(entries):
            yield from _identity(entry, f"Bundle.entry[{index}]", type_name, context.registry)
        yield from _unresolved_urns(entries, type_name)
        if type_name in REQUESTS:
            for index, entry in enumerate(entries):
                yield from request_issues(entry, f"Bundle.entry[{index}]", context.registry)
        elif type_name == "searchset":
            yield from searchset_issues(resource, context.registry)
        elif type_name in FIRST:
            yield from _bundle_issues(resource, entries, type_name)


def _bundle_issues(bundle: Resource, entries: Sequence[Entry], type_name: str) -> Iterator[Issue]:
    first = FIRST[type_name]
    if not entries:
        text = messages.BUNDLE_EMPTY(type=type_name, first=first)
        yield finding("error", "required", "bundle-first", text, "Bundle.entry")
    elif entries[0].get("resource", {}).get("resourceType") == first:
        yield from linkage_issues(bundle, entries, first)


def _links(links: Sequence[dict[str, Any]], type_name: str) -> Iterator[Issue]:
    seen: set[Any] = set()
    for index, link in enumerate(links):
        relation, place = link.get("relation"), f"Bundle.link[{index}].relation"
        if relation in PAGE_LINKS and type_name not in PAGED:
            text = messages.LINK_NOT_PAGED(type=type_name, relation=relation)
            yield finding("error", "invalid", "bundle-link", text, place)
        elif relation in seen and (relation == "self" or relation in PAGE_LINKS):
            text = messages.LINK_TWICE(relation=relation)
            yield finding("error", "invalid", "bundle-link", text, place)
        seen.add(relation)


def _identity(entry: Entry, place: str, type_name: str, registry: Registry) -> Iterator[Issue]:
    """Check that the fullUrl is present where required, absolute, and agrees with the resource."""
    full_url, resource = entry.get("fullUrl"), entry.get("resource")
    where = f"{place}.fullUrl"
    if full_url is None:
        if type_name not in WITHOUT_FULL_URL:
            text = messages.FULL_URL_MISSING(type=type_name)
            yield finding("error", "required", "full-url", text, where)
        return
    reference = parse_reference(full_url)
    if reference.kind not in ("absolute", "urn"):
        text = messages.FULL_URL_RELATIVE(value=excerpt(full_url))
        yield finding("error", "invalid", "full-url", text, where)
    elif resource is not None and registry.is_resource_type(reference.type):
        yield from _full_url_agreement(full_url, resource, where)
    elif resource is not None and resource.get("url") == full_url and reference.kind == "absolute":
        text = messages.CANONICAL_AS_FULL_URL(value=excerpt(full_url), id=resource.get("id", ""))
        yield finding("error", "invalid", "full-url", text, where)


def _unresolved_urns(entries: Sequence[Entry], type_name: str) -> Iterator[Issue]:
    """Urn references that match no entry's fullUrl: they cannot be found elsewhere, nor resolved by a
    transaction.

    Those of a Composition or MessageHeader are checked by `linkage_issues`.
    """
    severity: Severity = "error" if type_name == "transaction" else "warning"
    known = {entry.get("fullUrl") for entry in entries}
    for index, entry in enumerate(entries):
        if not index and type_name in FIRST:
            continue
        for urn in dict.fromkeys(urns_of(entry.get("resource"))):
            if urn.partition("#")[0] not in known:
                text = messages.NOT_IN_BUNDLE(value=excerpt(urn), hint=NO_HINT())
                place = f"Bundle.entry[{index}].resource"
                yield finding(severity, "not-found", "bundle-urn", text, place)


def _full_url_agreement(full_url: str, resource: Resource, where: str) -> Iterator[Issue]:
    if "id" not in resource:
        text = messages.FULL_URL_NO_ID(value=excerpt(full_url))
        yield finding("error", "invalid", "full-url", text, where)
        return
    identity = f"{resource.get('resourceType')}/{resource['id']}"
    if not full_url.endswith(f"/{identity}"):
        text = messages.FULL_URL_DIFFERS(value=excerpt(full_url), wanted=identity)
        yield finding("error", "invalid", "full-url", text, where)
