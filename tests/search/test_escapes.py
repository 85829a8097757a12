"""Separators and their escapes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.search.escapes import escape, has_stray_escape, split, unescape

TEXTS = st.text(alphabet=",|$\\ab")


@given(st.lists(TEXTS, min_size=1), st.sampled_from(",|$"))
def test_escaped_parts_come_back_as_they_were(parts: list[str], separator: str) -> None:
    joined = separator.join(map(escape, parts))
    assert [unescape(part) for part in split(joined, separator)] == parts
    assert not has_stray_escape(joined)


@pytest.mark.parametrize("text", ["a\\b", "\\", "a\\\\\\", "\\x,\\,"])
def test_a_backslash_that_escapes_nothing_is_noticed(text: str) -> None:
    assert has_stray_escape(text)
