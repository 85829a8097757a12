"""What an element holds that is not written out: the elements of its type, its type's profile, or the element
that it refers to.

https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.contentReference
"""

from collections.abc import Callable
from dataclasses import dataclass

from fhir_server.definitions.snapshot.base_types import SYSTEM_TYPES, type_url
from fhir_server.definitions.snapshot.snapshot import ElementDefinition, Snapshot
from fhir_server.definitions.snapshot.tree import Node, planted

Resolve = Callable[[str], Snapshot]


@dataclass(frozen=True, slots=True)
class Unfolding:
    """Unfolds elements by the snapshots that `resolve` finds; it raises KeyError for the unknown."""

    resolve: Resolve

    def unfold(self, node: Node) -> bool:
        """Give the node its children; False where what it holds depends on a type not chosen yet."""
        if node.children:
            return True
        if reference := node.facts.get("contentReference"):
            self._follow(node, reference)
            return True
        held = self._held(node)
        if held is None:
            return False
        root = planted(held.elements)
        node.children = root.children
        node.facts = with_rules(node.facts, root.facts)
        return True

    def _held(self, node: Node) -> Snapshot | None:
        """The snapshot of the profile or type of the node; of Element where it may be of several types."""
        codes = set(node.type_codes)
        if len(codes) != 1:
            return self.resolve(type_url("Element")) if codes else None
        code = codes.pop()
        if code.startswith(SYSTEM_TYPES):
            return None
        profiles = [url for type in node.facts["type"] for url in type.get("profile", ())]
        if len(profiles) == 1:
            try:
                return self.resolve(profiles[0])
            except KeyError:
                pass  # what is not known is said by whoever validates; the differential can still be read
        return self.resolve(type_url(code))

    def _follow(self, node: Node, reference: str) -> None:
        """Put in place of a reference the content of the element referred to, as the base type has it."""
        path = reference.partition("#")[2]
        target = planted(self.resolve(type_url(path.partition(".")[0])).elements)
        for name in path.split(".")[1:]:
            target = next(child for child in target.children or () if child.name == name)
        facts = {name: value for name, value in node.facts.items() if name != "contentReference"}
        node.facts = with_rules({**facts, "type": target.facts["type"]}, target.facts)
        node.children = [child.copy() for child in target.children or ()]


def with_rules(facts: ElementDefinition, more: ElementDefinition) -> ElementDefinition:
    """The facts with the rules of another definition that has to hold too."""
    own = facts.get("constraint", [])
    known = {(rule["key"], rule.get("expression")) for rule in own}
    added = [
        rule for rule in more.get("constraint", ()) if (rule["key"], rule.get("expression")) not in known
    ]
    return {**facts, "constraint": [*own, *added]} if added else facts
