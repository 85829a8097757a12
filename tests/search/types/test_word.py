"""Words as _text and _content look for them."""

from fhir_server.search.types.word import WORD_LENGTH_MAX, words


def test_what_nobody_would_type_is_no_word() -> None:
    longest = "a" * WORD_LENGTH_MAX
    assert list(words(f"no {longest}, but not {longest}a", "or -")) == ["no", longest, "but", "not", "or"]
