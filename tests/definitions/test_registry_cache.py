"""What is cached per registry: asked once, bounded, and gone with its registry."""

import gc
from weakref import ref

import pytest

from fhir_server.definitions import registry_cache
from fhir_server.definitions.registry import Registry
from fhir_server.definitions.registry_cache import cached_per_registry


def test_each_registry_is_asked_once_for_each_key() -> None:
    asked = []

    @cached_per_registry
    def answer(registry: Registry, name: str, number: int) -> str:
        asked.append((registry, name, number))
        return f"{name}{number}"

    one, other = Registry.r4(), Registry.r4()
    assert [answer(one, "a", 1), answer(one, "a", 1), answer(one, "a", 2)] == ["a1", "a1", "a2"]
    assert answer(other, "a", 1) == "a1"
    assert asked == [(one, "a", 1), (one, "a", 2), (other, "a", 1)]


def test_no_more_answers_are_kept_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_cache, "ENTRIES_MAX", 2)
    asked = []

    @cached_per_registry
    def answer(_: Registry, name: str) -> bool:
        asked.append(name)
        return False

    registry = Registry.r4()
    for name in "abacb":
        assert answer(registry, name) is False
    assert asked == ["a", "b", "c", "b"]


def test_a_registry_is_not_kept_for_its_answers() -> None:
    @cached_per_registry
    def answer(_: Registry, name: str) -> str:
        return name

    registry = Registry.r4()
    answer(registry, "a")
    gone = ref(registry)
    del registry
    gc.collect()
    assert gone() is None
