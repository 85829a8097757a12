"""Strings as they are compared."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.search.types.string import normalise


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(st.text(alphabet=st.characters(codec="latin-1", categories=["L", "N", "Zs"])))
def test_case_accents_and_forms_of_unicode_do_not_matter(text: str) -> None:
    expected = normalise(text)
    for form in ("NFC", "NFD"):
        assert normalise(unicodedata.normalize(form, text)) == expected
    if text.upper().lower() == text.lower():
        assert normalise(text.upper()) == expected


@given(
    st.lists(st.text(alphabet="abcé", min_size=1), min_size=1),
    st.sampled_from([" ", "  ", "-", "'", "\t", ", "]),
)
def test_space_and_punctuation_are_one_space(words: list[str], separator: str) -> None:
    assert normalise(separator.join(words)) == normalise(" ".join(words))


@given(st.text(alphabet=st.characters(codec="cp1252", exclude_categories=["Cc"])))
def test_a_text_becomes_the_same_beside_one_in_another_script(text: str) -> None:
    assert normalise(f"{text} 张").split() == [*normalise(f"{text} a").split()[:-1], "张"]


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("Cœur", "coeur"),
        ("Ærø", "aero"),
        ("Straße", "strasse"),
        ("ŁÓDŹ", "lodz"),
        ("İstanbul", "istanbul"),
        ("ﬁn", "fin"),
        ("Ｆｕｌｌ", "full"),
        ("d’Artagnan", "d artagnan"),
        ("  a \n b ", "a b"),
        ("张无忌", "张无忌"),
        ("...", "..."),
        ("", ""),
    ],
)
def test_what_text_becomes(text: str, normalised: str) -> None:
    assert normalise(text) == normalised
