"""Links between the entries of a transaction, rewritten to the identities that the entries get.

https://hl7.org/fhir/R4/http.html#trules
https://hl7.org/fhir/R4/bundle.html#references
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fhir_server.definitions.registry import Registry
from fhir_server.errors import InvalidRequest
from fhir_server.extension import Resource
from fhir_server.interactions import messages
from fhir_server.interactions.places import Place, Step, expression, type_at

Trace = tuple[Any, Step] | None
"""The path to a node as a linked list: that of the parent, and the last step. It costs less than a `Place`,
which is hardly ever needed.
"""

_NARRATIVE_LINK = re.compile(r'(<(?:a|img)\b[^<>]*?\b(?:href|src)\s*=\s*)(["\'])(.*?)\2', re.DOTALL)
_LINKING = frozenset({"reference", "div"})
_URI_TYPES = frozenset({"uri", "url", "oid", "uuid"})
"""Types that may hold a link to an entry. A canonical names a definition, wherever that is stored."""
_VERSION = "/_history/"


@dataclass(frozen=True, slots=True)
class Identities:
    """The identities on this server of a transaction's entries: `references` such as Patient/123 by fullUrl,
    and the `versions` of these after the transaction; `names` are the fullUrls that are canonical urls."""

    base_url: str
    references: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def add(self, full_url: str | None, reference: str, version: int, resource: Resource) -> None:
        """Record the identity of an entry with `resource`."""
        if full_url:
            self.references[full_url] = reference
            self.versions[reference] = version
            if resource.get("url") == full_url:
                self.names.add(full_url)

    def resolve(self, url: str, base: str) -> str | None:
        """The entry's identity that a reference, resolved on `base`, names; None if it names no entry."""
        found = self.references.get(url)
        if found is not None or not url or _is_absolute(url):
            return found
        return self.references.get(base + url)

    def without(self, full_urls: Iterable[str]) -> "Identities":
        """The identities of other fullUrls than these, which a Bundle inside an entry uses itself."""
        own = set(full_urls)
        references = {url: found for url, found in self.references.items() if url not in own}
        return Identities(self.base_url, references, self.versions, self.names)


class EntryLinks:
    """Rewrites the links between the entries of a transaction to the identities that the entries get.

    Rewritten are references, in contained resources too (those to a version get the version written);
    elements of a uri type whose value is a fullUrl; links and images in narratives.
    """

    def __init__(self, registry: Registry, identities: Identities) -> None:
        self._registry = registry
        self._identities = identities

    def rewritten(self, resource: Resource, full_url: str | None) -> tuple[Resource, list[str]]:
        """An entry's resource with its links rewritten, and every `Reference.reference` that it then has.

        Relative references are resolved on the base of `full_url`, or on this server's if that has none. In
        a resource that is itself a Bundle, the fullUrls of its own entries are left alone, and no references
        are listed. Unchanged parts are shared with the original.
        """
        if resource["resourceType"] == "Bundle":
            others = self._identities.without(entry.get("fullUrl", "") for entry in resource.get("entry", ()))
            return _LinkRewriter(self._registry, others, resource, "").object(resource, None), []
        base = _restful_base(full_url) or f"{self._identities.base_url}/"
        walk = _LinkRewriter(self._registry, self._identities, resource, base)
        return walk.object(resource, None), walk.references


class _LinkRewriter:
    """Rewrites the links of one resource."""

    def __init__(self, registry: Registry, identities: Identities, resource: Resource, base: str) -> None:
        self.references: list[str] = []
        self._registry = registry
        self._identities = identities
        self._resource = resource
        self._base = base

    def object(self, node: dict[str, Any], trace: Trace) -> dict[str, Any]:
        """An object with its links rewritten; itself where it has none."""
        changed, identities = {}, self._identities.references
        new: Any
        for name, value in node.items():
            kind = type(value)
            if kind is str:
                # Most strings are no links: this test saves most of the time.
                if name not in _LINKING and value not in identities and "#" not in value:
                    continue
                new = self._string(name, value, trace)
            elif kind is dict:
                new = self.object(value, (trace, name))
            elif kind is list:
                new = self._list(value, (trace, name))
            else:
                continue
            if new is not value:
                changed[name] = new
        return {**node, **changed} if changed else node

    def _list(self, items: list[Any], trace: Trace) -> list[Any]:
        changed = items
        new: Any
        for index, item in enumerate(items):
            kind = type(item)
            if kind is dict:
                new = self.object(item, (trace, index))
            elif kind is list:
                new = self._list(item, (trace, index))
            else:
                new = self._text(item, trace, index) if kind is str else item
            if new is not item:
                changed = items.copy() if changed is items else changed
                changed[index] = new
        return changed

    def _string(self, name: str, value: str, trace: Trace) -> str:
        if name == "reference":
            target = self._target(value)
            if target != value:
                self._check_type(target, _place_of(trace))
            self.references.append(target)
            return target
        return self._narrative(value) if name == "div" else self._text(value, trace, name)

    def _target(self, reference: str) -> str:
        """The identity of the entry that a reference names; the reference itself if it names none."""
        url, hash, fragment = reference.partition("#")
        found = self._identities.resolve(url, self._base)
        if found is None and _VERSION in url:
            found = self._identities.resolve(url.partition(_VERSION)[0], self._base)
            found = found and f"{found}{_VERSION}{self._identities.versions[found]}"
        return f"{found}{hash}{fragment}" if found else reference

    def _check_type(self, reference: str, place: Place) -> None:
        """Raise `InvalidRequest` for an entry of a type that this element may not refer to."""
        type = reference.partition("/")[0]
        targets = type_at(self._registry, self._resource, place).target_types
        if not {type, "Resource"}.isdisjoint(targets) or not targets:
            return
        text = messages.ENTRY_OF_OTHER_TYPE(type=type, targets=", ".join(targets))
        raise InvalidRequest.of(text, expression(self._resource, (*place, "reference")))

    def _narrative(self, div: str) -> str:
        return _NARRATIVE_LINK.sub(lambda link: f"{link[1]}{link[2]}{self._target(link[3])}{link[2]}", div)

    def _text(self, text: str, trace: Trace, step: Step) -> str:
        url = text.partition("#")[0]
        if url not in self._identities.references or step == "resourceType":
            return text
        if url in self._identities.names or (step == "url" and trace is None):
            # A canonical url, such as a code's system, identifies a definition and is not a link.
            return text
        if type_at(self._registry, self._resource, (*_place_of(trace), step)).code not in _URI_TYPES:
            return text
        return self._target(text)


def _place_of(trace: Trace) -> Place:
    steps: list[Step] = []
    while trace is not None:
        trace, step = trace
        steps.append(step)
    return tuple(reversed(steps))


def _restful_base(full_url: str | None) -> str | None:
    """`https://a/fhir/` for `https://a/fhir/Patient/1`; None for a urn."""
    if full_url is None or not full_url.startswith(("http://", "https://")):
        return None
    return full_url.rsplit("/", 2)[0] + "/"


def _is_absolute(url: str) -> bool:
    return url.startswith(("http://", "https://", "urn:"))
