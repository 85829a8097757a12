"""Hypothesis strategies for records from a JSON Schema, for the keywords that the records use."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from fhir_server.core import json

Schema = Mapping[str, Any]

KEY = r"[A-Za-z0-9][A-Za-z0-9.\-]{0,12}"


def records(schema: Schema) -> SearchStrategy[dict[str, Any]]:
    """Records that satisfy the shape of a schema; what its further rules refuse is left to the caller."""
    required = {name: values(schema["properties"][name]) for name in schema.get("required", [])}
    others = {name: values(one) for name, one in schema["properties"].items() if name not in required}
    drawn = st.fixed_dictionaries(required, optional=others)
    return drawn if required else drawn.filter(bool)


def values(schema: Schema) -> SearchStrategy[Any]:
    """Values of one property."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "const" in schema:
        return st.just(schema["const"])
    return KINDS[schema["type"]](schema)


def _texts(schema: Schema) -> SearchStrategy[str]:
    if schema.get("format") == "date":
        return st.dates().map(str)
    if schema.get("format") == "date-time":
        return _moments()
    pattern = schema["pattern"].removeprefix("^").removesuffix("$")
    if "{0,63}" in pattern:
        pattern = KEY
    return _matching(pattern, schema.get("maxLength"))


@cache
def _matching(pattern: str, longest: int | None) -> SearchStrategy[str]:
    """Made once, as to make one of a pattern takes longer than to draw from it."""
    drawn = st.from_regex(re.compile(pattern), fullmatch=True)
    return drawn if longest is None else drawn.filter(lambda text: len(text) <= longest)


def _moments() -> SearchStrategy[str]:
    """Dates with times, with and without fractions, in several zones."""
    offsets = st.sampled_from(["Z", "+01:00", "+02:00", "-04:00", "+14:00", "-03:30"])
    fractions = st.sampled_from(["", ".5", ".120", ".000001"])
    within = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1))
    whole = within.map(lambda moment: moment.replace(microsecond=0).isoformat())
    return st.builds("{}{}{}".format, whole, fractions, offsets)


def _wholes(schema: Schema) -> SearchStrategy[int]:
    return st.integers(schema.get("minimum"), schema.get("maximum"))


def _numbers(schema: Schema) -> SearchStrategy[Any]:
    """Whole numbers, and decimals as they are written, zeros at the end included."""
    least = schema.get("minimum", 0)
    decimals = st.decimals(min_value=least, max_value=10**6, places=2)
    return st.integers(least, 10**6) | decimals.map(json.number)


def _lists(schema: Schema) -> SearchStrategy[list[Any]]:
    bounds = {"min_size": schema.get("minItems", 0), "max_size": schema.get("maxItems", 5)}
    return st.lists(values(schema["items"]), unique=schema.get("uniqueItems", False), **bounds)


KINDS = {
    "string": _texts,
    "integer": _wholes,
    "number": _numbers,
    "boolean": lambda _: st.booleans(),
    "array": _lists,
    "object": records,
}
