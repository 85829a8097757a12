"""Which extensions enclose the objects of a resource.

https://hl7.org/fhir/R4/defining-extensions.html#context
"""

from typing import Any

EnclosingExtensions = dict[int, tuple[str, ...]]
"""The urls of the extensions around each object, outermost first, by the `id()` of the object."""


def extensions_around(resource: dict[str, Any]) -> EnclosingExtensions:
    """The enclosing extensions of every object inside an extension of the resource."""
    found: EnclosingExtensions = {}
    _collect(resource, (), found)
    return found


def is_innermost(expression: str, enclosing: tuple[str, ...]) -> bool:
    """Whether a context, `url` or `url#part`, is the innermost of the extensions that are `enclosing`."""
    canonical, _, part = expression.partition("#")
    return enclosing[-1:] == (expression,) or (part != "" and enclosing[-2:] == (canonical, part))


def _collect(value: Any, enclosing: tuple[str, ...], found: EnclosingExtensions) -> None:
    if type(value) is list:
        for item in value:
            _collect(item, enclosing, found)
    elif type(value) is dict:
        if enclosing:
            found[id(value)] = enclosing
        for name, child in value.items():
            if name in ("extension", "modifierExtension") and type(child) is list:
                for extension in child:
                    _collect(extension, (*enclosing, _url(extension)), found)
            else:
                _collect(child, enclosing if name.lstrip("_").startswith("value") else (), found)


def _url(extension: Any) -> str:
    return str(extension.get("url")) if type(extension) is dict else ""
