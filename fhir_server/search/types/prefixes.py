"""The comparison prefixes of ordered values.

https://hl7.org/fhir/R4/search.html#prefix
"""

from typing import get_args

from fhir_server.search.ast import Prefix

ORDERED = ("date", "number", "quantity")
"""The parameter types with prefixes."""

PREFIXES: dict[str, Prefix] = {prefix: prefix for prefix in get_args(Prefix)}

SIGNS: dict[str, Prefix] = {">=": "ge", "<=": "le", ">": "gt", "<": "lt"}
"""Prefixes of the first drafts of FHIR, which some clients still use: supported, but not advertised."""


def split_prefix(text: str) -> tuple[Prefix, str]:
    """The prefix of a value, `eq` where it has none, and the rest."""
    prefix = PREFIXES.get(text[:2])
    if prefix:
        return prefix, text[2:]
    for sign, meant in SIGNS.items():
        if text.startswith(sign):
            return meant, text[len(sign) :]
    return "eq", text
