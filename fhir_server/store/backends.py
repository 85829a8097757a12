"""The backends by the scheme of their URI, each listed here and nowhere else.

sqlite:///relative/path.db    sqlite:////absolute/path.db    memory:    mongodb://host/database?replicaSet=rs0
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from fhir_server.store.mongo_options import MongoOptions
from fhir_server.store.port import Store
from fhir_server.store.sqlite import SqliteStore


def _memory(rest: str, _: MongoOptions) -> Store:
    if rest.strip("/"):
        raise ValueError("a store in memory has no path; write memory:")
    # Imported here because few ask for it.
    from fhir_server.store.memory import MemoryStore

    return MemoryStore()


def _sqlite(rest: str, _: MongoOptions) -> Store:
    path = Path(rest.removeprefix("///"))
    if not rest.startswith("///") or not path.name:
        raise ValueError("write sqlite:///relative/path.db or sqlite:////absolute/path.db")
    if path.is_dir():
        raise ValueError(f"{path} is a folder; name a file in it")
    path.parent.mkdir(parents=True, exist_ok=True)
    return SqliteStore(path)


def _mongodb(rest: str, options: MongoOptions, scheme: str = "mongodb") -> Store:
    # Imported here because the driver costs half a second, which other stores need not pay.
    from fhir_server.store.mongo import MongoStore, address_of

    return MongoStore(address_of(f"{scheme}:{rest}"), options)


BACKENDS: Mapping[str, Callable[[str, MongoOptions], Store]] = {
    "memory": _memory,
    "sqlite": _sqlite,
    "mongodb": _mongodb,
    "mongodb+srv": partial(_mongodb, scheme="mongodb+srv"),
}
"""By scheme, what opens the store that the rest of the URI names."""

_CREDENTIALS = re.compile(r"^(mongodb[^:]*://).*@", re.DOTALL)
"""Up to the last sign, as a password may have others in it that ought to have been escaped."""
_SECRETS = re.compile(r"(?i)((?:password|properties)=)[^&]*")


def shown(uri: str) -> str:
    """A URI as it may be shown: without credentials."""
    return _SECRETS.sub(r"\1***", _CREDENTIALS.sub(r"\1***@", uri))


def prepare(uri: str, options: MongoOptions) -> int:
    """Create and migrate the store in MongoDB that `uri` names, and build all its indexes; how many it has.

    Raises `ValueError` for another store, which does so whenever it is opened.
    """
    if not uri.startswith("mongodb"):
        raise ValueError(f"'{shown(uri)}' prepares itself when it is opened.")
    from fhir_server.store.mongo import address_of, prepare_database

    try:
        return prepare_database(address_of(uri), options)
    except ValueError as error:
        raise ValueError(f"Bad store '{shown(uri)}': {error}.") from error


def open_store(uri: str, options: MongoOptions | None = None) -> Store:
    """Open the store that `uri` names, creating it and its folders where they are missing.

    Raises `ValueError` for a URI that names none; `StoreUnavailable` for a store that cannot be opened.
    """
    scheme, colon, rest = uri.partition(":")
    if not colon or scheme not in BACKENDS:
        known = ", ".join(f"{name}:" for name in BACKENDS)
        raise ValueError(f"Unknown store '{shown(uri)}': it must begin with one of {known}.")
    try:
        return BACKENDS[scheme](rest, options or MongoOptions())
    except ValueError as error:
        raise ValueError(f"Bad store '{shown(uri)}': {error}.") from error
