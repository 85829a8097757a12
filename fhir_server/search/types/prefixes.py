"""The comparison prefixes of ordered values.

https://hl7.org/fhir/R4/search.html#prefix
"""

from typing import get_args

from fhir_server.search.ast import Prefix

PREFIXES: dict[str, Prefix] = {prefix: prefix for prefix in get_args(Prefix)} | {">=": "ge", "<=": "le"}
SIGNS: dict[str, Prefix] = {">": "gt", "<": "lt"}
"""How the first drafts of FHIR wrote prefixes, and some clients do to this day."""


def split_prefix(text: str) -> tuple[Prefix, str]:
    """The prefix of a value, `eq` where it has none, and the rest."""
    prefix = PREFIXES.get(text[:2])
    if prefix:
        return prefix, text[2:]
    sign = SIGNS.get(text[:1])
    return (sign, text[1:]) if sign else ("eq", text)
