"""The range of a prefix contains exactly the texts that start with it."""

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.core.prefix_range import prefix_upper_bound


@given(st.text(max_size=4), st.text(max_size=4))
def test_in_the_range_are_those_that_start_so(prefix: str, other: str) -> None:
    after = prefix_upper_bound(prefix)
    for text in (other, prefix + other, prefix[:-1] + other):
        within = prefix <= text and (after is None or text < after)
        assert within == text.startswith(prefix)


def test_at_the_edges_of_what_a_text_can_hold() -> None:
    assert prefix_upper_bound("") is None
    assert prefix_upper_bound("\U0010ffff") is None
    assert prefix_upper_bound("a\U0010ffff") == "b"
    assert prefix_upper_bound("\ud7ff") == "\ue000"
