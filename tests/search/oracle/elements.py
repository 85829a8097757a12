"""The elements that a search parameter looks at, found by its FHIRPath expression.

https://hl7.org/fhir/R4/searchparameter.html
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import fhirpathpy
from fhirpathpy.engine.nodes import ResourceNode
from fhirpathpy.models import models

Resource = Mapping[str, Any]


class Element(NamedTuple):
    """A value, its FHIR type, and the path that led to it; `node` is what further paths start from."""

    data: Any
    type: str
    path: str
    node: Any


def elements(expression: str, start: Any, type: str, contained: Sequence[Resource] = ()) -> list[Element]:
    """The elements that `expression` finds in a resource of `type`, or in a part of it.

    `contained` are the resources that its references to `#id` may mean.
    """
    found: list[Element] = []
    for path in expression.split(" | "):
        root = path.lstrip("(").partition(".")[0]
        if root in (type, "Resource") or not root[0].isupper():
            found += _elements(re.sub(r"^Resource\b", type, path), start, contained)
    return found


def _elements(path: str, start: Any, contained: Sequence[Resource]) -> Iterator[Element]:
    """Narrowing by resolve() looks at the reference alone, which tells the type."""
    path, _, wanted = path.partition(".where(resolve() is ")
    for node in _compiled(path)(start):
        element = _element(node, path)
        if element and (not wanted or referred_type(element.data, contained) == wanted.rstrip(")")):
            yield element


@cache
def _compiled(path: str) -> Callable[..., list[Any]]:
    """R4 casts whole collections, and writes `DateTime` for dateTime; both stand for ofType."""
    path = re.sub(r"\(([\w.]+) as (\w+)\)", r"\1.ofType(\2)", path)
    path = re.sub(r"\.as\((\w+)\)", r".ofType(\1)", path).replace("(DateTime)", "(dateTime)")
    return fhirpathpy.compile(path, models["r4"], {"returnRawData": True})


def _element(node: Any, path: str) -> Element | None:
    """None for a primitive that has extensions but no value. The model calls the type of ids a String."""
    if not isinstance(node, ResourceNode):
        return Element(node, "boolean", path, node)
    if node.data is None:
        return None
    type = str(node.get_type_info().name)  # type: ignore[no-untyped-call]
    return Element(node.data, "id" if type == "String" else type, path, node)


def referred_type(data: Any, contained: Sequence[Resource]) -> str:
    """The resource type that a Reference names."""
    for inner in contained:
        if data.get("reference") == f"#{inner['id']}":
            return str(inner["resourceType"])
    found = re.search(r"([A-Z][A-Za-z]+)/[^/]+(/_history/.*)?$", data.get("reference", ""))
    return found[1] if found else str(data.get("type", ""))
