"""The sizes of the documents and index keys of a MongoDB store, per 1,000 patients of a cohort.

Computed from the documents, before any compression: python -m scripts.mongo_sizes
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import bson

from benchmarks.cohort import care
from fhir_server.core import json
from fhir_server.core.resource import body, draft
from fhir_server.definitions.registry import Registry
from fhir_server.search.extract import Extractor
from fhir_server.store.mongo.documents import ResourceDocument
from fhir_server.store.mongo.rows import ARRAYS, rows_of
from fhir_server.store.mongo.versions import current
from fhir_server.store.port import StoredResource

PATIENTS = 100
NUMBER_BYTES = 8
SPARSE = frozenset({"positions", "contained"})


def documents() -> Iterator[dict[str, Any]]:
    """The documents of the cohort."""
    extractor = Extractor(Registry.r4(), ZoneInfo("Europe/Paris"))
    sequence = 0
    for patient in range(PATIENTS):
        for resource in care(patient):
            sequence += 1
            received = json.parse(json.serialise(resource))
            new = draft(received, received["id"])
            stored = StoredResource(
                new.type, new.id, 1, sequence, sequence, sequence, "PUT", body(new, 1, sequence)
            )
            yield current(stored, rows_of(extractor.entries(received)))


def key_bytes(document: Mapping[str, Any], fields: list[str], sparse: bool) -> Iterator[int]:
    """The size in bytes of each key of a document in an index on these fields.

    A document without the array has one key too, unless the index is sparse.
    """
    (array,) = {field.partition(".")[0] for field in fields if field.partition(".")[0] in ARRAYS} or {""}
    for element in document.get(array) or (() if sparse else (None,)):
        yield sum(_size(_value(document, element, array, field)) for field in fields)


def _value(document: Mapping[str, Any], element: Any, array: str, field: str) -> Any:
    name, _, cell = field.partition(".")
    if name != array:
        return document.get(name)
    return element.get(cell) if cell and element else element


def _size(value: Any) -> int:
    if value is None:
        return 1
    return len(value.encode()) + 1 if isinstance(value, str) else NUMBER_BYTES


def main() -> None:
    """Print megabytes and keys per 1,000 patients."""
    specs = {
        spec["name"]: [field for field, _ in spec["fields"]] for spec in ResourceDocument._meta["index_specs"]
    }
    sizes, keys, totals = Counter[str](), Counter[str](), Counter[str]()
    for document in documents():
        totals["documents"] += 1
        totals["bodies"] += len(document["b"])
        totals["bytes"] += len(bson.encode(document))
        for name, fields in specs.items():
            found = list(key_bytes(document, fields, name in SPARSE))
            keys[name] += len(found)
            sizes[name] += sum(found)
    scale = 1_000 / PATIENTS
    print(f"documents  {totals['documents'] * scale:,.0f}")
    print(f"bodies     {totals['bodies'] * scale / 1e6:.1f} MB")
    print(f"in all     {totals['bytes'] * scale / 1e6:.1f} MB")
    for name in sorted(specs, key=lambda name: -sizes[name]):
        print(f"{name:14} {keys[name] * scale:>12,.0f} keys {sizes[name] * scale / 1e6:8.1f} MB")
    print(f"indexes    {sum(sizes.values()) * scale / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
