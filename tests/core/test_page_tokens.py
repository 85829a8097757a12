"""Page tokens hide their content and are valid for one path of one store."""

import base64

import pytest

from fhir_server.core.page_tokens import PageTokens
from fhir_server.errors import InvalidRequest

SECRET = bytes(range(32))


def test_a_token_gives_back_what_was_sealed() -> None:
    token = PageTokens(SECRET).seal({"after": ["Zoé", 7, None]}, "Patient")
    shape = dict[str, list[str | int | None]]
    assert PageTokens(SECRET).open(token, "Patient", shape, "_page") == {"after": ["Zoé", 7, None]}


def test_a_token_that_says_something_else_than_is_asked_is_refused() -> None:
    token = PageTokens(SECRET).seal(["an older server", 7], "Patient")
    with pytest.raises(InvalidRequest):
        PageTokens(SECRET).open(token, "Patient", tuple[str, int, str], "_page")


def test_a_token_shows_no_search_value() -> None:
    token = PageTokens(SECRET).seal("identifier=275047512345678", "Patient")
    assert b"275047512345678" not in base64.urlsafe_b64decode(token + "==")


@pytest.mark.parametrize("forged", ["", "x", "AAAA", "é", "A" * 200])
def test_a_forged_token_is_refused(forged: str) -> None:
    with pytest.raises(InvalidRequest, match=r"at http\._page: .* for /Patient"):
        PageTokens(SECRET).open(forged, "Patient", str, "_page")


def test_a_token_of_elsewhere_is_refused() -> None:
    token = PageTokens(SECRET).seal("page", "Patient")
    with pytest.raises(InvalidRequest):
        PageTokens(SECRET).open(token, "Observation", str, "_page")
    with pytest.raises(InvalidRequest):
        PageTokens(bytes(32)).open(token, "Patient", str, "_page")
    with pytest.raises(InvalidRequest):
        PageTokens(SECRET).open(token[:-4] + "AAAA", "Patient", str, "_page")
