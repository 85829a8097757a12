"""A cache of function results that depend on a registry; it is freed together with the registry.

Each change of a definition creates a new registry. A cache with registries among its keys would keep all old
ones in memory, with everything derived from them.
"""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar, TypeVarTuple
from weakref import WeakKeyDictionary

from fhir_server.definitions.registry import Registry

Key = TypeVarTuple("Key")
Answer = TypeVar("Answer")

ENTRIES_MAX = 8_192
"""Maximum cached results of one function for one registry; when it is reached, they are all dropped."""


def cached_per_registry(
    function: Callable[[Registry, *Key], Answer],
) -> Callable[[Registry, *Key], Answer]:
    """Cache a pure function of a registry and hashable arguments.

    Its results must not be None, and must not refer to the registry, because that would keep it in memory.
    """
    answers: WeakKeyDictionary[Registry, dict[tuple[*Key], Answer]] = WeakKeyDictionary()

    @wraps(function)
    def cached(registry: Registry, *key: *Key) -> Answer:
        known = answers.setdefault(registry, {})
        answer = known.get(key)
        if answer is None:
            answer = function(registry, *key)
            if len(known) >= ENTRIES_MAX:
                known.clear()
            known[key] = answer
        return answer

    return cached
