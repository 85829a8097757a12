"""Which extensions an object stands in.

https://hl7.org/fhir/R4/defining-extensions.html#context
"""

from typing import Any

Hosts = dict[int, tuple[str, ...]]
"""The urls of extensions around objects, from outside in, by the identity of these objects."""


def hosts_in(resource: dict[str, Any]) -> Hosts:
    """The hosts of all extensions in a resource, of their parts and their values."""
    hosts: Hosts = {}
    _note(resource, (), hosts)
    return hosts


def is_hosted(expression: str, around: tuple[str, ...]) -> bool:
    """Whether a context, `url` or `url#part`, is the innermost of the extensions that are `around`."""
    canonical, _, part = expression.partition("#")
    return around[-1:] == (expression,) or (part != "" and around[-2:] == (canonical, part))


def _note(value: Any, around: tuple[str, ...], hosts: Hosts) -> None:
    if type(value) is list:
        for item in value:
            _note(item, around, hosts)
    elif type(value) is dict:
        if around:
            hosts[id(value)] = around
        for name, child in value.items():
            if name in ("extension", "modifierExtension") and type(child) is list:
                for extension in child:
                    _note(extension, (*around, _url(extension)), hosts)
            else:
                _note(child, around if name.lstrip("_").startswith("value") else (), hosts)


def _url(extension: Any) -> str:
    return str(extension.get("url")) if type(extension) is dict else ""
