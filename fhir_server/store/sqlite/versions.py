"""Reads rows of the table `versions` as stored resources."""

from collections.abc import Iterable
from typing import Any

from fhir_server.store.port import StoredResource
from fhir_server.store.sqlite.symbols import Symbols

ONE_VERSION_COLUMNS = "v.version, v.sequence, v.key, v.last_updated, v.method, v.body"
"""The columns of `versions`, as `v`, for a resource whose type and id are known."""

VERSION_COLUMNS = f"v.type, v.id, {ONE_VERSION_COLUMNS}"
"""The columns of `versions`, as `v`, in the order of the fields of `StoredResource`."""

WIDTH = len(StoredResource.__struct_fields__)
"""The number of these columns."""


def stored_resources(symbols: Symbols, rows: Iterable[tuple[Any, ...]]) -> tuple[StoredResource, ...]:
    """The resources in rows that start with `VERSION_COLUMNS`."""
    name = symbols.type_name
    return tuple([StoredResource(name(row[0]), *row[1:WIDTH]) for row in rows])
