"""References that are settled while a resource is written: conditional ones, and those between Bundle
entries.

https://hl7.org/fhir/R4/http.html#trules
https://hl7.org/fhir/R4/bundle.html#references
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from fhir_server.definitions.registry import Registry
from fhir_server.errors import FhirError, InvalidRequest, PreconditionFailed
from fhir_server.extension import Engine, Resource
from fhir_server.interactions import messages
from fhir_server.interactions.criteria import Criteria, find_matches, parse_criteria
from fhir_server.interactions.literal_references import placed
from fhir_server.interactions.places import Place, Step, expression, type_at
from fhir_server.store.port import UnitOfWork

Rewrite = Callable[[str], str]
Way = tuple[Any, Step] | None
"""How a walk has come to a node: the way to the one above, and the last step. It is a place once it is asked
for, which it hardly ever is.
"""

_CONDITIONAL = re.compile(r"([A-Z][A-Za-z]+)/?\?(.+)")
_BY_IDENTIFIER = re.compile(r"[A-Z][A-Za-z]+\?identifier=[^&]+")
_WRITTEN_CONDITIONAL = re.compile(rb'"reference":"[A-Z][A-Za-z]+/?\?')
_NARRATIVE_LINK = re.compile(r'(<(?:a|img)\b[^<>]*?\b(?:href|src)\s*=\s*)(["\'])(.*?)\2', re.DOTALL)
_LINKING = frozenset({"reference", "div"})
_URI_TYPES = frozenset({"uri", "url", "oid", "uuid"})
"""What holds a link to an entry. A canonical names a definition, wherever that is stored."""
_VERSION = "/_history/"


def may_hold_conditional_references(serialised: bytes) -> bool:
    """Whether compact JSON has the look of it; quicker than a walk through the resource."""
    return b"?" in serialised and _WRITTEN_CONDITIONAL.search(serialised) is not None


class ConditionalReferences:
    """Where the conditional references of a unit of work lead.

    What was found by an identifier holds while no resource of its type is written in the unit: the lock of
    the identifier keeps others from changing who bears it.
    """

    def __init__(self, unit: UnitOfWork, engine: Engine, base_url: str) -> None:
        self._unit = unit
        self._engine = engine
        self._base_url = base_url
        self._targets: dict[str, str] = {}

    def target(self, reference: str) -> str:
        """The one match of a reference such as `Patient?identifier=a|b`; any other reference itself.

        Raises `PreconditionFailed` when there is no match, or more than one.
        """
        if (known := self._targets.get(reference)) is not None:
            return known
        conditional = _conditional(reference, self._engine)
        if conditional is None:
            return reference
        wanted = parse_criteria(conditional[1], conditional[2], "reference")
        found = find_matches(self._unit, self._engine, wanted, self._base_url)
        if not found:
            raise PreconditionFailed.of(
                messages.CONDITIONAL_REFERENCE_UNMATCHED(reference=reference), code="not-found"
            )
        if len(found) > 1:
            raise PreconditionFailed.of(
                messages.CONDITIONAL_REFERENCE_AMBIGUOUS(reference=reference), code="multiple-matches"
            )
        if _BY_IDENTIFIER.fullmatch(reference):
            self._targets[reference] = found[0].reference
            self._engine.reference_targets.add(reference, found[0].reference)
        return found[0].reference

    def written(self, type: str) -> None:
        """Forget what a write of that type may have changed."""
        for reference in tuple(self._targets):
            if reference.startswith(f"{type}?"):
                del self._targets[reference]


class TargetUnknown(Exception):
    """Nobody can tell yet where a conditional reference leads."""


class SpeculativeReferences:
    """Where conditional references will lead, as far as can be told before there is a unit of work; `targets`
    are those that were asked for.
    """

    def __init__(self, engine: Engine) -> None:
        self.targets: dict[str, str] = {}
        self._engine = engine

    def target(self, reference: str) -> str:
        """As that of `ConditionalReferences`, most likely. Raises `TargetUnknown`."""
        if _conditional(reference, self._engine) is None:
            return reference
        known = self._engine.reference_targets.get(reference)
        if known is None:
            raise TargetUnknown
        self.targets[reference] = known
        return known


def resolve_conditional_references(resource: Resource, target: Rewrite) -> Resource:
    """The resource with each conditional reference replaced by what it leads to; what `target` raises is
    located at the reference. A Bundle that is stored keeps what it holds as it is.
    """
    if resource["resourceType"] == "Bundle":
        return resource
    last = ""

    def noted(reference: str) -> str:
        nonlocal last
        last = reference
        return target(reference)

    try:
        rewritten: Resource = _rewritten_references(resource, noted)
    except FhirError as error:
        raise placed(error, resource, last) from error
    return rewritten


def _conditional(reference: str, engine: Engine) -> re.Match[str] | None:
    """The type and the criteria of a reference that is conditional."""
    found = _CONDITIONAL.fullmatch(reference) if "?" in reference else None
    return found if found is not None and engine.registry.is_resource_type(found[1]) else None


def types_sought(references: Iterable[str], engine: Engine) -> frozenset[str]:
    """The types of which those references that are conditional seek a resource."""
    found = [_conditional(reference, engine) for reference in references]
    return frozenset([conditional[1] for conditional in found if conditional])


def conditions_of(references: Iterable[str], engine: Engine) -> Iterator[Criteria]:
    """The criteria of those references that are conditional. What is wrong with one is told when it is its
    turn.
    """
    for reference in references:
        conditional = _conditional(reference, engine)
        if conditional is not None:
            with suppress(FhirError):
                yield parse_criteria(conditional[1], conditional[2], "reference")


def _rewritten_references(node: Any, rewrite: Rewrite) -> Any:
    """A copy with every `Reference.reference` rewritten; what needs no change is shared with the original."""
    if type(node) is list:
        return [_rewritten_references(item, rewrite) for item in node]
    if type(node) is not dict:
        return node
    copy = {}
    for name, value in node.items():
        if type(value) is dict or type(value) is list:
            copy[name] = _rewritten_references(value, rewrite)
        else:
            copy[name] = rewrite(value) if name == "reference" and type(value) is str else value
    return copy


@dataclass(frozen=True, slots=True)
class Identities:
    """What the fullUrls of a transaction's entries become on this server: `references` such as Patient/123 by
    fullUrl, and the `versions` that these will have; `names` are the fullUrls that name a definition."""

    base_url: str
    references: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def add(self, full_url: str | None, reference: str, version: int, resource: Resource) -> None:
        """Note what an entry becomes that brings `resource`."""
        if full_url:
            self.references[full_url] = reference
            self.versions[reference] = version
            if resource.get("url") == full_url:
                self.names.add(full_url)

    def found(self, url: str, base: str) -> str | None:
        """The resource that a reference leads to, read on the base of its entry; None for one that is no
        entry's."""
        found = self.references.get(url)
        if found is not None or not url or _is_absolute(url):
            return found
        return self.references.get(base + url)

    def without(self, full_urls: Iterable[str]) -> "Identities":
        """Those that a Bundle with such fullUrls does not use for itself."""
        own = set(full_urls)
        references = {url: found for url, found in self.references.items() if url not in own}
        return Identities(self.base_url, references, self.versions, self.names)


class EntryLinks:
    """Rewrites the links between the entries of a transaction to the identities that the entries get.

    References are rewritten wherever they stand, contained resources included, those to a version to the one
    that is written; elements of a uri type where they hold a whole fullUrl; links and images in narratives.
    """

    def __init__(self, registry: Registry, identities: Identities) -> None:
        self._registry = registry
        self._identities = identities

    def rewritten(self, resource: Resource, full_url: str | None) -> tuple[Resource, list[str]]:
        """An entry's resource with its links settled, and every `Reference.reference` that it then has.

        Its relative references are resolved on the base of `full_url`, or on this server's where that has
        none. Within a Bundle its own entries come first, and its references are its own affair. What needs
        no change is shared with the original.
        """
        if resource["resourceType"] == "Bundle":
            others = self._identities.without(entry.get("fullUrl", "") for entry in resource.get("entry", ()))
            return _Walk(self._registry, others, resource, "").object(resource, None), []
        base = _restful_base(full_url) or f"{self._identities.base_url}/"
        walk = _Walk(self._registry, self._identities, resource, base)
        return walk.object(resource, None), walk.references


class _Walk:
    """One walk through the resource of an entry."""

    def __init__(self, registry: Registry, identities: Identities, resource: Resource, base: str) -> None:
        self.references: list[str] = []
        self._registry = registry
        self._identities = identities
        self._resource = resource
        self._base = base

    def object(self, node: dict[str, Any], way: Way) -> dict[str, Any]:
        """An object with its links settled; itself where it has none."""
        changed, identities = {}, self._identities.references
        new: Any
        for name, value in node.items():
            kind = type(value)
            if kind is str:
                # Most texts are no links; to find that out at once spares most of the walk.
                if name not in _LINKING and value not in identities and "#" not in value:
                    continue
                new = self._string(name, value, way)
            elif kind is dict:
                new = self.object(value, (way, name))
            elif kind is list:
                new = self._list(value, (way, name))
            else:
                continue
            if new is not value:
                changed[name] = new
        return {**node, **changed} if changed else node

    def _list(self, items: list[Any], way: Way) -> list[Any]:
        changed = items
        new: Any
        for index, item in enumerate(items):
            kind = type(item)
            if kind is dict:
                new = self.object(item, (way, index))
            elif kind is list:
                new = self._list(item, (way, index))
            else:
                new = self._text(item, way, index) if kind is str else item
            if new is not item:
                changed = items.copy() if changed is items else changed
                changed[index] = new
        return changed

    def _string(self, name: str, value: str, way: Way) -> str:
        if name == "reference":
            target = self._target(value)
            if target != value:
                self._check_type(target, _place(way))
            self.references.append(target)
            return target
        return self._narrative(value) if name == "div" else self._text(value, way, name)

    def _target(self, reference: str) -> str:
        """Where a reference leads: the identity of the entry it names, or the reference itself."""
        url, hash, fragment = reference.partition("#")
        found = self._identities.found(url, self._base)
        if found is None and _VERSION in url:
            found = self._identities.found(url.partition(_VERSION)[0], self._base)
            found = found and f"{found}{_VERSION}{self._identities.versions[found]}"
        return f"{found}{hash}{fragment}" if found else reference

    def _check_type(self, reference: str, place: Place) -> None:
        """Raises `InvalidRequest` for an entry of a type that may not be referred to here."""
        type = reference.partition("/")[0]
        targets = type_at(self._registry, self._resource, place).target_types
        if not {type, "Resource"}.isdisjoint(targets) or not targets:
            return
        text = messages.ENTRY_OF_OTHER_TYPE(type=type, targets=", ".join(targets))
        raise InvalidRequest.of(text, expression(self._resource, (*place, "reference")))

    def _narrative(self, div: str) -> str:
        return _NARRATIVE_LINK.sub(lambda link: f"{link[1]}{link[2]}{self._target(link[3])}{link[2]}", div)

    def _text(self, text: str, way: Way, step: Step) -> str:
        url = text.partition("#")[0]
        if url not in self._identities.references or step == "resourceType":
            return text
        if url in self._identities.names or (step == "url" and way is None):
            # What names a definition, such as a code's system, is no link to where it was read.
            return text
        if type_at(self._registry, self._resource, (*_place(way), step)).code not in _URI_TYPES:
            return text
        return self._target(text)


def _place(way: Way) -> Place:
    steps: list[Step] = []
    while way is not None:
        way, step = way
        steps.append(step)
    return tuple(reversed(steps))


def _restful_base(full_url: str | None) -> str | None:
    """`https://a/fhir/` for `https://a/fhir/Patient/1`; None for a urn."""
    if full_url is None or not full_url.startswith(("http://", "https://")):
        return None
    return full_url.rsplit("/", 2)[0] + "/"


def _is_absolute(url: str) -> bool:
    return url.startswith(("http://", "https://", "urn:"))
