"""Access to the members of a record by dotted field names, and their JSON pointers.

https://www.rfc-editor.org/rfc/rfc6901
"""

from collections.abc import Mapping, Sequence
from typing import Any


def get_member(record: Mapping[str, Any], name: str) -> Any:
    """The value of a field such as `adresse.ville`; None where it is absent."""
    node: Any = record
    for step in name.split("."):
        node = node.get(step) if isinstance(node, Mapping) else None
    return node


def set_member(record: dict[str, Any], name: str, value: Any) -> None:
    """Set the value of a field, creating the objects around it where they are missing."""
    *objects, last = name.split(".")
    for step in objects:
        record = record.setdefault(step, {})
    record[last] = value


def pointer(steps: Sequence[str | int]) -> str:
    """The JSON pointer of these steps."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def pointer_to(name: str) -> str:
    """The JSON pointer of a field."""
    return pointer(name.split("."))
