"""Writes facts as JSON with one per line, for readable diffs."""

import json
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]


def dump(value: Any) -> str:
    """Compact JSON on one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def lines(facts: Mapping[str, Any], nested: tuple[str, ...] = ()) -> str:
    """A JSON object with one member per line, also inside the members named in `nested`."""
    members = (
        f"{dump(key)}:{lines(value).rstrip() if key in nested else dump(value)}"
        for key, value in facts.items()
    )
    return "{\n" + ",\n".join(members) + "\n}\n"


def code_system_lines(facts: Mapping[str, Json]) -> str:
    """Code systems with one concept per line."""

    def member(url: str, fact: Json) -> str:
        head = dump({**fact, "concepts": []}).removesuffix("[]}")
        return f"{dump(url)}:{head}[\n" + ",\n".join(map(dump, fact["concepts"])) + "]}"

    return "{\n" + ",\n".join(member(url, fact) for url, fact in facts.items()) + "\n}\n"
