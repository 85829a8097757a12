"""The range of a prefix holds exactly the texts that start with it."""

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.core.prefix import after_prefix


@given(st.text(max_size=4), st.text(max_size=4))
def test_in_the_range_are_those_that_start_so(prefix: str, other: str) -> None:
    after = after_prefix(prefix)
    for text in (other, prefix + other, prefix[:-1] + other):
        within = prefix <= text and (after is None or text < after)
        assert within == text.startswith(prefix)


def test_at_the_edges_of_what_a_text_can_hold() -> None:
    assert after_prefix("") is None
    assert after_prefix("\U0010ffff") is None
    assert after_prefix("a\U0010ffff") == "b"
    assert after_prefix("\ud7ff") == "\ue000"
