"""Answers that follow from a registry, kept for as long as it is in use.

Each change of a definition makes a new registry. A cache that names registries among its keys would keep all
the old ones, with everything that was derived from them.
"""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar, TypeVarTuple
from weakref import WeakKeyDictionary

from fhir_server.definitions.registry import Registry

Key = TypeVarTuple("Key")
Answer = TypeVar("Answer")

ENTRIES_MAX = 8_192
"""Answers of one function that are kept for one registry; then it starts anew."""


def cached_per_registry(
    function: Callable[[Registry, *Key], Answer],
) -> Callable[[Registry, *Key], Answer]:
    """Cache what a pure function says of a registry and hashable arguments.

    Its answers are never None, and must not refer to the registry, which they would keep in memory.
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
