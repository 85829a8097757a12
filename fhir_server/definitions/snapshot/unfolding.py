"""What an element holds that is not written out: the elements of its type, its type's profile, or the element
that it refers to.

https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.contentReference
"""

from collections.abc import Callable
from dataclasses import dataclass

from fhir_server.definitions.elements import type_url
from fhir_server.definitions.snapshot.narrowing import added_rules
from fhir_server.definitions.snapshot.snapshot import ElementDefinition, Snapshot
from fhir_server.definitions.snapshot.tree import Node, planted

Resolve = Callable[[str], Snapshot]


@dataclass(frozen=True, slots=True)
class Unfolding:
    """Unfolds elements by the snapshots that `resolve` finds; it raises KeyError for the unknown."""

    resolve: Resolve

    def unfold(self, node: Node) -> bool:
        """Give a node without children those that it has; False where it has none, or they depend on a type
        not chosen yet.
        """
        if reference := node.facts.get("contentReference"):
            return self._follow(node, reference)
        profile = self.profile(node)
        held = profile or self._type(node)
        if held is None:
            return False
        root = planted(held.elements)
        node.children = root.children
        if profile is not None:
            node.facts = _with_rules(node.facts, root.facts)
        return True

    def profile(self, node: Node) -> Snapshot | None:
        """The profile on the node's type, where there is one that is known.

        What is not known is said by whoever validates; the differential can still be read.
        """
        profiles = node.canonicals("profile")
        return self._known(profiles[0]) if len(profiles) == 1 and len(set(node.type_codes)) == 1 else None

    def _type(self, node: Node) -> Snapshot | None:
        """The type of the node; Element where it may be of several types."""
        codes = set(node.type_codes)
        if not codes:
            return None
        return self._known(type_url(codes.pop() if len(codes) == 1 else "Element"))

    def _known(self, canonical: str) -> Snapshot | None:
        try:
            return self.resolve(canonical)
        except KeyError:
            return None

    def _follow(self, node: Node, reference: str) -> bool:
        """Put in place of a reference the content of the element referred to, as the base type has it."""
        names = reference.partition("#")[2].split(".")
        base = self._known(type_url(names[0]))
        target = None if base is None else _below(planted(base.elements), names[1:])
        if target is None:
            return False
        facts = {name: value for name, value in node.facts.items() if name != "contentReference"}
        node.facts = _with_rules({**facts, "type": target.facts["type"]}, target.facts)
        node.children = [child.copy() for child in target.children or ()]
        return True


def _below(node: Node | None, names: list[str]) -> Node | None:
    """The element at a path below the node."""
    for name in names:
        children = (node.children if node else None) or ()
        node = next((child for child in children if child.name == name), None)
    return node


def _with_rules(facts: ElementDefinition, more: ElementDefinition) -> ElementDefinition:
    """The facts with the rules of another definition that has to hold too."""
    own = facts.get("constraint", [])
    added = added_rules(own, more.get("constraint", []))
    return {**facts, "constraint": [*own, *added]} if added else facts
