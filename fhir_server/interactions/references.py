"""References that are settled while a resource is written: conditional ones, and those between Bundle
entries.

https://hl7.org/fhir/R4/http.html#trules
https://hl7.org/fhir/R4/bundle.html#references
"""

import re
from collections.abc import Callable, Iterable, Iterator
from operator import is_
from typing import Any

from fhir_server.definitions.registry import Registry
from fhir_server.errors import PreconditionFailed
from fhir_server.extension import Engine, Resource
from fhir_server.interactions import messages
from fhir_server.interactions.matching import Criteria, criteria, matches
from fhir_server.interactions.places import Place, Step, type_at
from fhir_server.store.port import UnitOfWork

Rewrite = Callable[[str], str]

_CONDITIONAL = re.compile(r"([A-Z][A-Za-z]+)\?(.+)")
_BY_IDENTIFIER = re.compile(r"[A-Z][A-Za-z]+\?identifier=[^&]+")
_WRITTEN_CONDITIONAL = re.compile(rb'"reference":"[A-Z][A-Za-z]+\?')
_NARRATIVE_LINK = re.compile(r'(<(?:a|img)\b[^>]*?\b(?:href|src)\s*=\s*)(["\'])(.*?)\2', re.DOTALL)
_LINKING = frozenset({"reference", "div"})
_URI_TYPES = frozenset({"uri", "url", "canonical", "oid", "uuid"})


def may_hold_conditional_references(serialised: bytes) -> bool:
    """Whether compact JSON has the look of it; quicker than a walk through the resource."""
    return _WRITTEN_CONDITIONAL.search(serialised) is not None


class Resolved:
    """The conditional references that a unit of work has resolved by an identifier.

    Each holds while no resource of its type is written in the unit: the lock of the identifier keeps others
    from changing who bears it.
    """

    def __init__(self) -> None:
        self._targets: dict[str, str] = {}

    def get(self, reference: str) -> str | None:
        return self._targets.get(reference)

    def add(self, reference: str, target: str) -> None:
        if _BY_IDENTIFIER.fullmatch(reference):
            self._targets[reference] = target

    def written(self, type: str) -> None:
        """Forget what a write of that type may have changed."""
        for reference in [one for one in self._targets if one.startswith(f"{type}?")]:
            del self._targets[reference]


def conditional_references_resolved(
    resource: Resource, unit: UnitOfWork, engine: Engine, base_url: str, resolved: Resolved
) -> Resource:
    """The resource with each reference such as `Patient?identifier=a|b` replaced by the one match.

    Raises `PreconditionFailed` when there is no match, or more than one.
    """

    def resolve(reference: str) -> str:
        if (known := resolved.get(reference)) is not None:
            return known
        conditional = _CONDITIONAL.fullmatch(reference)
        if conditional is None or not engine.registry.is_resource_type(conditional[1]):
            return reference
        found = matches(unit, engine, criteria(conditional[1], conditional[2], "reference"), base_url)
        if not found:
            raise PreconditionFailed.of(
                messages.CONDITIONAL_REFERENCE_UNMATCHED(reference=reference), code="not-found"
            )
        if len(found) > 1:
            raise PreconditionFailed.of(
                messages.CONDITIONAL_REFERENCE_AMBIGUOUS(reference=reference), code="multiple-matches"
            )
        resolved.add(reference, found[0].reference)
        return found[0].reference

    rewritten: Resource = _rewritten_references(resource, resolve)
    return rewritten


def conditions_of(references: Iterable[str], engine: Engine) -> Iterator[Criteria]:
    """The criteria of those references that are conditional."""
    for reference in references:
        conditional = _CONDITIONAL.fullmatch(reference) if "?" in reference else None
        if conditional is not None and engine.registry.is_resource_type(conditional[1]):
            yield criteria(conditional[1], conditional[2], "reference")


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


class EntryLinks:
    """Rewrites the links between the entries of a transaction to the identities that the entries get.

    References are rewritten wherever they stand, contained resources included; elements of a uri type where
    they hold a whole fullUrl; links and images in narratives.
    """

    def __init__(self, registry: Registry, identities: dict[str, str]) -> None:
        self._registry = registry
        self._identities = identities

    def rewritten(self, resource: Resource, full_url: str | None) -> tuple[Resource, list[str]]:
        """An entry's resource with its links settled, and every `Reference.reference` that it then has.

        Its relative references are resolved on the base of `full_url`. What needs no change is shared with
        the original.
        """
        walk = _Walk(self._registry, self._identities, resource, _restful_base(full_url))
        return walk.object(resource, ()), walk.references


class _Walk:
    """One walk through the resource of an entry."""

    def __init__(
        self, registry: Registry, identities: dict[str, str], resource: Resource, base: str | None
    ) -> None:
        self.references: list[str] = []
        self._registry = registry
        self._identities = identities
        self._resource = resource
        self._base = base

    def object(self, node: dict[str, Any], place: Place) -> dict[str, Any]:
        changed, identities = {}, self._identities
        for name, value in node.items():
            # Most texts are no links; to find that out at once spares most of the walk.
            if type(value) is str and name not in _LINKING and value not in identities and "#" not in value:
                continue
            new = self._member(name, value, place)
            if new is not value:
                changed[name] = new
        return {**node, **changed} if changed else node

    def _member(self, step: Step, value: Any, place: Place) -> Any:
        """What stands one step below a place."""
        if type(value) is dict:
            return self.object(value, (*place, step))
        if type(value) is list:
            return self._list(value, (*place, step))
        if type(value) is not str:
            return value
        if step == "reference":
            self.references.append(self._target(value, self._base))
            return self.references[-1]
        if step == "div":
            return self._narrative(value)
        return self._text(value, place, step)

    def _list(self, items: list[Any], place: Place) -> list[Any]:
        new = [self._member(index, item, place) for index, item in enumerate(items)]
        return items if all(map(is_, new, items)) else new

    def _target(self, reference: str, base: str | None) -> str:
        """Where a reference leads: the identity of the entry it names, or the reference itself."""
        url, hash, fragment = reference.partition("#")
        found = self._identities.get(url)
        if found is None and base and url and not _is_absolute(url):
            found = self._identities.get(base + url)
        return f"{found}{hash}{fragment}" if found else reference

    def _narrative(self, div: str) -> str:
        return _NARRATIVE_LINK.sub(
            lambda link: f"{link[1]}{link[2]}{self._target(link[3], self._base)}{link[2]}", div
        )

    def _text(self, text: str, place: Place, step: Step) -> str:
        if text not in self._identities and "#" not in text:
            return text
        target = self._target(text, None)
        if target == text or type_at(self._registry, self._resource, (*place, step)) not in _URI_TYPES:
            return text
        return target


def _restful_base(full_url: str | None) -> str | None:
    """`https://a/fhir/` for `https://a/fhir/Patient/1`; None for a urn."""
    if full_url is None or not full_url.startswith(("http://", "https://")):
        return None
    return full_url.rsplit("/", 2)[0] + "/"


def _is_absolute(url: str) -> bool:
    return url.startswith(("http://", "https://", "urn:"))
