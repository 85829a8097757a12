"""Unfolding an element into its children: those of its type, its type's profile, or its contentReference.

https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.contentReference
"""

from collections.abc import Callable
from dataclasses import dataclass

from fhir_server.definitions.elements import type_url
from fhir_server.definitions.snapshot.narrowing import added_rules
from fhir_server.definitions.snapshot.snapshot import ElementDefinition, Snapshot
from fhir_server.definitions.snapshot.tree import Node, build_tree

Resolve = Callable[[str], Snapshot]


@dataclass(frozen=True, slots=True)
class Unfolding:
    """Unfolds elements by the snapshots that `resolve` returns; it raises KeyError for an unknown
    canonical.
    """

    resolve: Resolve

    def unfold(self, node: Node) -> bool:
        """Set the children of a node that has none yet.

        Returns False if its type has no children, or if they depend on a type that is not chosen yet.
        """
        if reference := node.facts.get("contentReference"):
            return self._follow(node, reference)
        profile = self.profile(node)
        held = profile or self._type(node)
        if held is None:
            return False
        root = build_tree(held.elements)
        node.children = root.children
        if profile is not None:
            node.facts = _with_rules(node.facts, root.facts)
        return True

    def profile(self, node: Node) -> Snapshot | None:
        """The profile on the node's type; None if there is not exactly one, or it is unknown.

        Validation reports unknown profiles; the differential can be applied without them.
        """
        profiles = node.canonicals("profile")
        return self._known(profiles[0]) if len(profiles) == 1 and len(set(node.type_codes)) == 1 else None

    def _type(self, node: Node) -> Snapshot | None:
        """The snapshot of the node's type; of Element if it has several types."""
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
        """Replace a contentReference by the content of its target in the base type."""
        names = reference.partition("#")[2].split(".")
        base = self._known(type_url(names[0]))
        target = None if base is None else _below(build_tree(base.elements), names[1:])
        if target is None:
            return False
        facts = {name: value for name, value in node.facts.items() if name != "contentReference"}
        node.facts = _with_rules({**facts, "type": target.facts["type"]}, target.facts)
        node.children = [child.copy() for child in target.children or ()]
        return True


def _below(node: Node | None, names: list[str]) -> Node | None:
    """The element at a path below the node; None if there is none."""
    for name in names:
        children = (node.children if node else None) or ()
        node = next((child for child in children if child.name == name), None)
    return node


def _with_rules(facts: ElementDefinition, more: ElementDefinition) -> ElementDefinition:
    """The facts with the additional invariants of another definition."""
    own = facts.get("constraint", [])
    added = added_rules(own, more.get("constraint", []))
    return {**facts, "constraint": [*own, *added]} if added else facts
