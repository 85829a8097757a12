"""Versions in their order. https://semver.org/spec/v2.0.0.html#spec-item-11"""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.definitions.semver import rank

IN_ORDER = (
    "",
    "draft",
    "0.9.0",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
)
LATER = ("1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0-ballot", "2.0.0", "2019", "2024.1")


@pytest.mark.parametrize(("older", "newer"), [*pairwise((*IN_ORDER, *LATER))])
def test_versions_have_an_order(older: str, newer: str) -> None:
    assert rank(older) < rank(newer)


def test_builds_and_zeros_make_no_difference() -> None:
    assert rank("1.0.0+build.5") == rank("1.0") == rank("v1.0.0")


@given(st.lists(st.text(max_size=12) | st.from_regex(r"\d+(\.\d+){0,3}(-[a-z0-9.]+)?", fullmatch=True)))
def test_any_texts_can_be_sorted(versions: list[str]) -> None:
    ranks = sorted(map(rank, versions))
    assert all(older <= newer for older, newer in pairwise(ranks))
