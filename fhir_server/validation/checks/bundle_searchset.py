"""Checks of searchsets: entries must be possible results of the search in the self link.

https://hl7.org/fhir/R4/bundle.html#searchset
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fhir_server.definitions.registry import Registry
from fhir_server.issues import Issue, Severity
from fhir_server.validation.checks import messages
from fhir_server.validation.checks.check import Resource, finding
from fhir_server.validation.findings import quoted_list


def searchset_issues(bundle: Resource, registry: Registry) -> Iterator[Issue]:
    """The issues of entries that the search cannot have returned."""
    links = [link.get("url", "") for link in bundle.get("link", ()) if link.get("relation") == "self"]
    if not links:
        yield finding("warning", "invalid", "searchset-self", messages.SELF_LINK_MISSING(), "Bundle.link")
    types = _searched_types(links[0], registry) if links else frozenset()
    entries = bundle.get("entry", ())
    if entries and not all("mode" in entry.get("search", {}) for entry in entries):
        text = messages.SEARCH_MODE_MISSING()
        yield finding("warning", "invalid", "searchset-mode", text, "Bundle.entry")
    for index, entry in enumerate(entries):
        yield from _entry(entry, f"Bundle.entry[{index}]", types)


def _entry(entry: dict[str, Any], place: str, types: frozenset[str]) -> Iterator[Issue]:
    resource, mode = entry.get("resource"), entry.get("search", {}).get("mode")
    where = f"{place}.resource"
    if resource is None:
        text = messages.SEARCH_ENTRY_EMPTY()
        yield finding("error", "required", "searchset-resource", text, where)
        return
    found = resource.get("resourceType")
    if mode == "outcome":
        if found != "OperationOutcome":
            text = messages.SEARCH_OUTCOME(found=found)
            yield finding("error", "invalid", "searchset-mode", text, where)
        return
    if found == "OperationOutcome" and mode is None:
        return
    severity: Severity = "error" if mode else "warning"
    if "id" not in resource:
        yield finding(severity, "invalid", "searchset-id", messages.SEARCH_NO_ID(), where)
    if types and found not in types and mode in ("match", None):
        text = messages.SEARCH_WRONG_TYPE(found=found, wanted=quoted_list(sorted(types)))
        yield finding(severity, "invalid", "searchset-type", text, where)


def _searched_types(url: str, registry: Registry) -> frozenset[str]:
    """The resource types that a search url searches; empty for any."""
    try:
        parts = urlsplit(url)
        last = parts.path.rstrip("/").removesuffix("/_search").rpartition("/")[2]
        named = parse_qs(parts.query).get("_type", [])
    except ValueError:
        return frozenset()
    if registry.is_resource_type(last):
        return frozenset({last})
    return frozenset(name for value in named for name in value.split(","))
