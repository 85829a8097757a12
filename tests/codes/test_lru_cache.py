"""What was worked out once is kept while there is room, and the last used the longest."""

import pytest

from fhir_server.codes.lru_cache import Remembered


def test_what_was_used_last_is_kept() -> None:
    remembered: Remembered[str, str] = Remembered(2)
    made: list[str] = []

    def make(key: str) -> str:
        made.append(key)
        return key.upper()

    for key in ("a", "b", "a", "c", "a", "b"):
        assert remembered.get(key, lambda key=key: make(key)) == key.upper()
    assert made == ["a", "b", "c", "b"]


def test_what_is_raised_is_not_kept() -> None:
    remembered: Remembered[str, int] = Remembered(2)
    with pytest.raises(ZeroDivisionError):
        remembered.get("a", lambda: 1 // 0)
    assert remembered.get("a", lambda: 1) == 1
