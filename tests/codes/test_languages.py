"""The languages that displays are asked for in, and which of them a display is in."""

import pytest

from fhir_server.codes.languages import Languages, language_matches, parse_languages


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("fr", Languages(("fr",))),
        ("de;q=0.5, fr, en;q=0.8", Languages(("fr", "en", "de"))),
        ("fr-CA,fr-BE", Languages(("fr-CA", "fr-BE"))),
        ("fr;q=0,de", Languages(("de",))),
        ("fr, *;q=0", Languages(("fr",), only=True)),
        ("fr, *;q=0.1", Languages(("fr",))),
        ("fr;q=high,,", Languages(("fr",))),
        (" , ", Languages()),
    ],
)
def test_what_is_asked_for_best_comes_first(text: str, asked: Languages) -> None:
    """https://www.rfc-editor.org/rfc/rfc9110#field.accept-language"""
    assert parse_languages(text) == asked


@pytest.mark.parametrize(
    ("language", "tag", "answers"),
    [
        ("fr", "fr", True),
        ("FR", "fr", True),
        ("fr", "fr-CA", True),
        ("fr-CA", "fr", True),
        ("fr-BE", "fr-CA", False),
        ("fro", "fr", False),
        ("fr", "fro", False),
        ("", "fr", False),
        (None, "fr", False),
    ],
)
def test_a_language_answers_for_what_is_more_or_less_precise(
    language: str | None, tag: str, answers: bool
) -> None:
    assert language_matches(language, tag) is answers
