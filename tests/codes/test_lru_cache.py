"""What was worked out once is kept while there is room, and the last used the longest."""

from functools import partial

import pytest

from fhir_server.codes.lru_cache import LruCache


def test_what_was_used_last_is_kept() -> None:
    remembered: LruCache[str, str] = LruCache(2)
    made: list[str] = []

    def compute(key: str) -> str:
        made.append(key)
        return key.upper()

    for key in ("a", "b", "a", "c", "a", "b"):
        assert remembered.get(key, partial(compute, key)) == key.upper()
    assert made == ["a", "b", "c", "b"]


def test_what_is_raised_is_not_kept() -> None:
    remembered: LruCache[str, int] = LruCache(2)
    with pytest.raises(ZeroDivisionError):
        remembered.get("a", lambda: 1 // 0)
    assert remembered.get("a", lambda: 1) == 1
