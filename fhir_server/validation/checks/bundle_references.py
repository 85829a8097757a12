"""References of documents and messages: all entries are connected, and required targets are inside.

https://hl7.org/fhir/R4/documents.html#content
https://hl7.org/fhir/R4/messaging.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhir_server.core.reference import Reference, parse_reference
from fhir_server.issues import Issue, Severity
from fhir_server.validation.checks import messages
from fhir_server.validation.checks.check import Resource, finding
from fhir_server.validation.findings import excerpt, step_to
from fhir_server.validation.messages import NO_HINT

Entry = dict[str, Any]
Place = tuple[str, str]
"""A reference and its location."""

INSIDE = {
    "Composition": ("subject", "author", "encounter", "custodian", "attester.party", "event.detail"),
    "MessageHeader": ("focus",),
}
"""Elements of the first resource whose targets must be in the Bundle."""
OF_SECTION = ("author", "focus", "entry")


@dataclass(slots=True)
class _EntryIndex:
    """An index of a Bundle's entries by fullUrl and by `Type/id`."""

    entries: Sequence[Entry]
    by_url: dict[str, list[int]] = field(default_factory=dict)
    by_identity: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for index, entry in enumerate(self.entries):
            resource, full_url = entry.get("resource"), entry.get("fullUrl")
            if resource is None:
                continue
            version = resource.get("meta", {}).get("versionId")
            for table, name in ((self.by_url, full_url), (self.by_identity, _identity(resource))):
                if name:
                    table.setdefault(name, []).append(index)
                    if version:
                        table.setdefault(f"{name}/_history/{version}", []).append(index)

    def found(self, literal: str, source: int) -> list[int]:
        """The entries that a reference in the entry `source` leads to; a relative one is resolved against
        that entry's fullUrl. https://hl7.org/fhir/R4/bundle.html#references
        """
        literal = literal.partition("#")[0]
        reference = parse_reference(literal)
        if reference.kind != "local":
            return self.by_url.get(literal, [])
        entry = self.entries[source]
        identity = _identity(entry.get("resource", {}))
        full_url = entry.get("fullUrl", "")
        # a relative fullUrl is reported elsewhere; resolve references by it all the same
        if identity and f"/{full_url}".endswith(f"/{identity}"):
            return self.by_url.get(full_url.removesuffix(identity) + literal, [])
        return []


def linkage_issues(bundle: Resource, entries: Sequence[Entry], first: str) -> Iterator[Issue]:
    """Issues of entries that a document or message lacks, and of entries without a reference to them."""
    entry_index = _EntryIndex(entries)
    for literal, where in _required_references(entries[0]["resource"], first):
        yield from _target(literal, where, entry_index)
    yield from _unresolvable_references(entry_index)
    targets = [
        {
            found
            for literal in _strings(entry.get("resource", {}))
            for found in entry_index.found(literal, index)
        }
        for index, entry in enumerate(entries)
    ]
    yield from _orphans(targets, _unreferenced_roots(bundle, entry_index), first)


def _required_references(resource: Resource, first: str) -> Iterator[Place]:
    """The references of the first resource whose targets must be in the Bundle."""
    root = "Bundle.entry[0].resource"
    for path in INSIDE[first]:
        yield from _references(resource, path.split("."), root)
    if first == "Composition":
        yield from _of_sections(resource, root)


def _of_sections(holder: Mapping[str, Any], place: str) -> Iterator[Place]:
    for index, section in enumerate(holder.get("section", ())):
        here = f"{place}.section[{index}]"
        for name in OF_SECTION:
            yield from _references(section, [name], here)
        yield from _of_sections(section, here)


def _references(holder: Any, path: list[str], place: str) -> Iterator[Place]:
    if not path:
        literal = holder.get("reference")
        if isinstance(literal, str) and not literal.startswith("#"):
            yield literal, f"{place}.reference"
        return
    value, here = holder.get(path[0]), place + step_to(path[0])
    for index, item in enumerate(value if isinstance(value, list) else ()):
        yield from _references(item, path[1:], f"{here}[{index}]")
    if isinstance(value, dict):
        yield from _references(value, path[1:], here)


def _target(literal: str, where: str, entry_index: _EntryIndex) -> Iterator[Issue]:
    found = entry_index.found(literal, 0)
    if len(found) > 1:
        text = messages.SEVERAL_IN_BUNDLE(value=excerpt(literal), count=len(found))
        yield finding("error", "invalid", "bundle-reference", text, where)
    elif not found:
        text = messages.NOT_IN_BUNDLE(
            value=excerpt(literal), hint=_hint(parse_reference(literal), entry_index)
        )
        yield finding("error", "not-found", "bundle-reference", text, where)


def _unresolvable_references(entry_index: _EntryIndex) -> Iterator[Issue]:
    """Relative references that resolve to no entry by its fullUrl, although an entry has that type and id."""
    for index, entry in enumerate(entry_index.entries):
        if not index:
            continue
        for literal in dict.fromkeys(references_of(entry.get("resource"))):
            reference = parse_reference(literal)
            is_known = f"{reference.type}/{reference.id}" in entry_index.by_identity
            if reference.kind == "local" and is_known and not entry_index.found(literal, index):
                text = messages.NOT_IN_BUNDLE(value=excerpt(literal), hint=_hint(reference, entry_index))
                place = f"Bundle.entry[{index}].resource"
                yield finding("warning", "not-found", "reference-in-bundle", text, place)


def _hint(reference: Reference, entry_index: _EntryIndex) -> Any:
    alike = entry_index.by_identity.get(f"{reference.type}/{reference.id}", [])
    if not alike:
        return NO_HINT()
    return messages.FULL_URL_HINT(url=excerpt(entry_index.entries[alike[0]].get("fullUrl", "")))


def _unreferenced_roots(bundle: Resource, entry_index: _EntryIndex) -> set[int]:
    """The entries that need no reference to them: the first, and the stylesheet that the Bundle links to."""
    sheets = [link.get("url", "") for link in bundle.get("link", ()) if link.get("relation") == "stylesheet"]
    return {0, *(index for url in sheets for index in entry_index.by_identity.get(url, ()))}


def _orphans(targets: Sequence[set[int]], starts: set[int], first: str) -> Iterator[Issue]:
    """Entries that no reference leads to; those that refer to connected entries get a different message."""
    reached = _reachable(starts, targets)
    of_document = first == "Composition"
    while backwards := [
        index for index in range(len(targets)) if index not in reached and targets[index] & reached
    ]:
        for index in backwards:
            severity: Severity = "warning" if of_document else "information"
            text = messages.LINKED_BACKWARDS()
            yield finding(severity, "invalid", "bundle-linked", text, f"Bundle.entry[{index}]")
        reached |= _reachable(set(backwards), targets)
    for index in range(len(targets)):
        if index not in reached:
            severity = "error" if of_document else "warning"
            text = messages.NOT_LINKED(first=first)
            yield finding(severity, "invalid", "bundle-linked", text, f"Bundle.entry[{index}]")


def _reachable(starts: set[int], targets: Sequence[set[int]]) -> set[int]:
    reached: set[int] = set()
    waiting = list(starts)
    while waiting:
        index = waiting.pop()
        if index not in reached:
            reached.add(index)
            waiting.extend(targets[index])
    return reached


def urns_of(resource: Any) -> Iterator[str]:
    """The urn:uuid and urn:oid references of a resource."""
    return (
        reference for reference in references_of(resource) if reference.startswith(("urn:uuid:", "urn:oid:"))
    )


def references_of(resource: Any) -> Iterator[str]:
    """The references of a resource, without those in nested Bundles, which refer to their own entries."""
    for part in _parts(resource):
        if isinstance(part, dict) and isinstance(literal := part.get("reference"), str):
            yield literal


def _strings(value: Any) -> Iterator[str]:
    """All strings in a resource; any of them may be a reference."""
    return (part for part in _parts(value) if isinstance(part, str))


def _parts(resource: Any) -> Iterator[Any]:
    """The resource and all values in it, in order, without those in nested Bundles."""
    waiting = [resource]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict) and part is not resource and part.get("resourceType") == "Bundle":
            continue
        yield part
        if isinstance(part, dict):
            waiting.extend(reversed(part.values()))
        elif isinstance(part, list):
            waiting.extend(reversed(part))


def _identity(resource: Mapping[str, Any]) -> str | None:
    return f"{resource.get('resourceType')}/{resource['id']}" if "id" in resource else None
