"""The backends by the scheme of their URI, each listed here and nowhere else.

sqlite:///relative/path.db    sqlite:////absolute/path.db    memory:
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from fhir_server.store.memory import MemoryStore
from fhir_server.store.port import Store
from fhir_server.store.sqlite import SqliteStore


def _memory(rest: str) -> Store:
    if rest.strip("/"):
        raise ValueError("a store in memory has no path; write memory:")
    return MemoryStore()


def _sqlite(rest: str) -> Store:
    path = Path(rest.removeprefix("///"))
    if not rest.startswith("///") or not path.name:
        raise ValueError("write sqlite:///relative/path.db or sqlite:////absolute/path.db")
    if path.is_dir():
        raise ValueError(f"{path} is a folder; name a file in it")
    path.parent.mkdir(parents=True, exist_ok=True)
    return SqliteStore(path)


BACKENDS: Mapping[str, Callable[[str], Store]] = {"memory": _memory, "sqlite": _sqlite}
"""By scheme, what opens the store that the rest of the URI names."""


def open_store(uri: str) -> Store:
    """Open the store that `uri` names, creating it and its folders where they are missing.

    Raises `ValueError` for a URI that names none; `StoreUnavailable` for a store that cannot be opened.
    """
    scheme, colon, rest = uri.partition(":")
    if not colon or scheme not in BACKENDS:
        known = ", ".join(f"{name}:" for name in BACKENDS)
        raise ValueError(f"Unknown store '{uri}': it must begin with one of {known}.")
    try:
        return BACKENDS[scheme](rest)
    except ValueError as error:
        raise ValueError(f"Bad store '{uri}': {error}.") from error
