"""The backends by the scheme of their URIs, all listed here and nowhere else.

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
    # Imported here because it is rarely used.
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
    # Imported here because the driver takes half a second to import, which other stores need not pay.
    from fhir_server.store.mongo import MongoStore, address_of

    return MongoStore(address_of(f"{scheme}:{rest}"), options)


BACKENDS: Mapping[str, Callable[[str, MongoOptions], Store]] = {
    "memory": _memory,
    "sqlite": _sqlite,
    "mongodb": _mongodb,
    "mongodb+srv": partial(_mongodb, scheme="mongodb+srv"),
}
"""By scheme, the function that opens the store named by the rest of the URI."""

_CREDENTIALS = re.compile(r"^(mongodb[^:]*://).*@", re.DOTALL)
"""Up to the last @, because a password may contain others that ought to have been escaped."""
_SECRETS = re.compile(r"(?i)((?:password|properties)=)[^&]*")


def without_credentials(uri: str) -> str:
    """The URI without user, password and other secrets, for logs and error messages."""
    return _SECRETS.sub(r"\1***", _CREDENTIALS.sub(r"\1***@", uri))


def prepare(uri: str, options: MongoOptions) -> int:
    """Create and migrate the store in MongoDB that `uri` names, and build all its indexes; their number.

    Raises `ValueError` for a store of another backend, which prepares itself whenever it is opened.
    """
    if not uri.startswith("mongodb"):
        raise ValueError(f"'{without_credentials(uri)}' prepares itself when it is opened.")
    from fhir_server.store.mongo import address_of, prepare_database

    try:
        return prepare_database(address_of(uri), options)
    except ValueError as error:
        raise ValueError(f"Bad store '{without_credentials(uri)}': {error}.") from error


def open_store(uri: str, options: MongoOptions | None = None) -> Store:
    """Open the store that `uri` names, and create it and its folders if they are missing.

    Raises `ValueError` for a URI that names no store; `StoreUnavailable` for a store that cannot be opened.
    """
    scheme, colon, rest = uri.partition(":")
    if not colon or scheme not in BACKENDS:
        known = ", ".join(f"{name}:" for name in BACKENDS)
        raise ValueError(f"Unknown store '{without_credentials(uri)}': it must begin with one of {known}.")
    try:
        return BACKENDS[scheme](rest, options or MongoOptions())
    except ValueError as error:
        raise ValueError(f"Bad store '{without_credentials(uri)}': {error}.") from error
