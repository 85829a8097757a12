"""Builds type definitions from the compiled facts, including inherited elements.

https://hl7.org/fhir/R4/structuredefinition.html
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from fhir_server.definitions.elements import Binding, Element, Invariant, TypeDefinition, TypeRef

TypeSource = Callable[[str], TypeDefinition]


def build_type(facts: Mapping[str, Any], type_named: TypeSource) -> TypeDefinition:
    """The definition of a type from its own facts and its base type's definition."""
    name = facts["name"]
    base = type_named(facts["base"]) if facts["base"] else None
    tree = _Tree(name, facts["elements"], type_named)
    return TypeDefinition(
        name=name,
        kind=facts["kind"],
        base=facts["base"],
        abstract=facts["abstract"],
        url=facts["url"],
        elements=tree.children("", base.elements if base else {}),
        invariants=(base.invariants if base else ()) + _invariants(facts),
        regex=facts.get("regex"),
        value=facts.get("value", {}),
        binding=Binding(*facts["binding"]) if "binding" in facts else None,
    )


def _invariants(facts: Mapping[str, Any]) -> tuple[Invariant, ...]:
    return tuple(Invariant(*row) for row in facts.get("invariants", ()))


def _type_ref(fact: str | Mapping[str, Any]) -> TypeRef:
    if isinstance(fact, str):
        return TypeRef(fact)
    return TypeRef(fact["code"], tuple(fact.get("targets", ())), tuple(fact.get("profiles", ())))


class _Tree:
    """Nests the flat list of one type's elements."""

    def __init__(self, root: str, facts: Mapping[str, Mapping[str, Any]], type_named: TypeSource) -> None:
        self._root = root
        self._facts = facts
        self._type_named = type_named
        self._by_path: dict[str, Element] = {}
        self._below: dict[str, list[str]] = {}
        for path in facts:
            self._below.setdefault(path.rpartition(".")[0], []).append(path)

    def children(self, parent: str, inherited: Mapping[str, Element]) -> dict[str, Element]:
        """The elements below the path `parent`: inherited ones, then its own."""
        prefix = f"{self._root}.{parent}." if parent else f"{self._root}."
        elements = {name: _inherited(element, prefix) for name, element in inherited.items()}
        for path in self._below.get(parent, ()):
            element = self._element(path, prefix)
            elements[element.name] = element
        return elements

    def _element(self, path: str, prefix: str) -> Element:
        fact = self._facts[path]
        last = path.rpartition(".")[2]
        types = tuple(map(_type_ref, fact.get("types", ())))
        limit = fact.get("max", "1")
        inline = self.children(path, self._type_named(types[0].code).elements) if path in self._below else {}
        element = Element(
            name=last.removesuffix("[x]"),
            path=prefix + last,
            min=fact.get("min", 0),
            max=None if limit == "*" else int(limit),
            types=types,
            choice=last.endswith("[x]"),
            binding=Binding(*fact["binding"]) if "binding" in fact else None,
            invariants=_invariants(fact),
            is_summary=fact.get("summary", False),
            is_modifier=fact.get("modifier", False),
            xml_attribute=fact.get("xml") == "xmlAttr",
            content_reference=fact.get("content"),
            inline=inline,
            siblings=self._by_path,
        )
        self._by_path[element.path] = element
        return element


def _inherited(element: Element, prefix: str) -> Element:
    """An inherited element with the path of the derived type."""
    return replace(element, path=prefix + element.path.rpartition(".")[2])
