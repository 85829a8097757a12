"""The documents of the store and their indexes, as mongoengine declares them.

Index entries are in arrays of the document; an index covers at most one array, because an index of two would
hold their product. Field names are short, because every document repeats them.
https://docs.mongoengine.org/guide/defining-documents.html
https://www.mongodb.com/docs/manual/core/indexes/index-types/index-multikey/
"""

from collections.abc import Mapping
from typing import Any

from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    Document,
    DynamicField,
    EmbeddedDocument,
    EmbeddedDocumentListField,
    FloatField,
    ListField,
    LongField,
    StringField,
)


def _of_living(name: str, *fields: str) -> dict[str, Any]:
    """An index without deleted resources."""
    return {"name": name, "fields": list(fields), "partialFilterExpression": {"l": True}}


class IndexedString(EmbeddedDocument):
    """A text, normalised and verbatim."""

    parameter = StringField(db_field="p")
    text = StringField(db_field="x")
    exact = StringField(db_field="e")


class IndexedReference(EmbeddedDocument):
    """The id and type of a target, or the URL of one outside this server."""

    parameter = StringField(db_field="p")
    target = StringField(db_field="i")
    type = StringField(db_field="t")
    version = StringField(db_field="v")


class IndexedInterval(EmbeddedDocument):
    """The bounds of a date in microseconds, or of a number as sort keys."""

    parameter = StringField(db_field="p")
    low = DynamicField(db_field="l")
    high = DynamicField(db_field="h")


class IndexedQuantity(EmbeddedDocument):
    """The bounds of a number as sort keys, and its unit: code, system, and verbatim name."""

    parameter = StringField(db_field="p")
    low = StringField(db_field="l")
    high = StringField(db_field="h")
    code = StringField(db_field="c")
    system = StringField(db_field="s")
    unit = StringField(db_field="n")


class IndexedComposite(EmbeddedDocument):
    """The first cell of the first component; the components are further fields named `a`, `b` and so on."""

    parameter = StringField(db_field="p")
    lead = DynamicField(db_field="k")


class IndexedPosition(EmbeddedDocument):
    """Longitude and latitude in degrees."""

    parameter = StringField(db_field="p")
    place = ListField(FloatField(), db_field="g")


class IndexedContained(EmbeddedDocument):
    """A contained resource: the parameter that refers to it, its type, and arrays like those of a
    resource.
    """

    parameter = StringField(db_field="p")
    type = StringField(db_field="t")


class ResourceDocument(Document):
    """The current version of a resource, with its index entries. `_id` is Type/id."""

    key = StringField(primary_key=True)
    type = StringField(db_field="t")
    logical_id = StringField(db_field="i")
    version = LongField(db_field="v")
    sequence = LongField(db_field="s")
    first = LongField(db_field="f")
    updated = LongField(db_field="u")
    method = StringField(db_field="m")
    living = BooleanField(db_field="l")
    body = BinaryField(db_field="b")
    strings = EmbeddedDocumentListField(IndexedString, db_field="st")
    tokens = ListField(StringField(), db_field="tk")
    references = EmbeddedDocumentListField(IndexedReference, db_field="rf")
    dates = EmbeddedDocumentListField(IndexedInterval, db_field="dt")
    numbers = EmbeddedDocumentListField(IndexedInterval, db_field="nm")
    quantities = EmbeddedDocumentListField(IndexedQuantity, db_field="qt")
    uris = ListField(StringField(), db_field="ur")
    composites = EmbeddedDocumentListField(IndexedComposite, db_field="cp")
    words = ListField(StringField(), db_field="wd")
    positions = EmbeddedDocumentListField(IndexedPosition, db_field="ps")
    contained = EmbeddedDocumentListField(IndexedContained, db_field="ct")

    meta: Mapping[str, Any] = {
        "collection": "resources",
        "auto_create_index": False,
        "indexes": [
            {"name": "sequence", "fields": ["sequence"]},
            {"name": "type_sequence", "fields": ["type", "sequence"]},
            _of_living("first", "type", "first"),
            _of_living("updated", "type", "updated", "first"),
            _of_living("logical_id", "logical_id", "type"),
            _of_living("tokens", "tokens", "type", "first"),
            _of_living("uris", "uris", "type", "first"),
            _of_living("words", "words", "type", "first"),
            _of_living("strings", "strings.parameter", "type", "strings.text"),
            _of_living(
                "references", "references.parameter", "references.target", "references.type", "type", "first"
            ),
            _of_living("dates", "dates.parameter", "type", "dates.low", "dates.high"),
            _of_living("date_ends", "dates.parameter", "type", "dates.high"),
            _of_living("numbers", "numbers.parameter", "type", "numbers.low"),
            _of_living("quantities", "quantities.parameter", "type", "quantities.low"),
            _of_living("composites", "composites.parameter", "composites.lead", "type"),
            {"name": "positions", "fields": ["positions.parameter"], "sparse": True},
            {"name": "contained", "fields": ["contained.parameter"], "sparse": True},
        ],
    }


class HistoryDocument(Document):
    """A version that was replaced, at the time `x`. `_id` is Type/id/version, `r` is Type/id."""

    key = StringField(primary_key=True)
    resource = StringField(db_field="r")
    type = StringField(db_field="t")
    logical_id = StringField(db_field="i")
    version = LongField(db_field="v")
    sequence = LongField(db_field="s")
    first = LongField(db_field="f")
    updated = LongField(db_field="u")
    replaced = LongField(db_field="x")
    method = StringField(db_field="m")
    body = BinaryField(db_field="b")

    meta: Mapping[str, Any] = {
        "collection": "history",
        "auto_create_index": False,
        "indexes": [
            {"name": "sequence", "fields": ["sequence"]},
            {"name": "type_sequence", "fields": ["type", "sequence"]},
            {"name": "resource", "fields": ["resource", "sequence"]},
        ],
    }


class UniqueDocument(Document):
    """A unique key that a living resource holds; `_id` is the key, `o` the owner."""

    key = StringField(primary_key=True)
    owner = StringField(db_field="o")

    meta: Mapping[str, Any] = {
        "collection": "uniques",
        "auto_create_index": False,
        "indexes": [{"name": "owner", "fields": ["owner"]}],
    }


class ClockDocument(Document):
    """The one clock. Every writing transaction changes it, which serialises them.

    `n` counts these transactions, `s` is the last sequence, `u` its time, `g` the generation of definitions.
    """

    key = StringField(primary_key=True)
    transactions = LongField(db_field="n")
    sequence = LongField(db_field="s")
    updated = LongField(db_field="u")
    generation = LongField(db_field="g")

    meta: Mapping[str, Any] = {"collection": "clock", "auto_create_index": False}


class DefinitionsDocument(Document):
    """How all types are indexed: one document, because they are read together and rarely written."""

    key = StringField(primary_key=True)
    types = BinaryField(db_field="b")

    meta: Mapping[str, Any] = {"collection": "definitions", "auto_create_index": False}


class NamedDocument(Document):
    """A document of the server's own, which is no resource; `_id` is its name."""

    key = StringField(primary_key=True)
    body = BinaryField(db_field="b")

    meta: Mapping[str, Any] = {"collection": "kept", "auto_create_index": False}


class JobDocument(Document):
    """A long-running job and its lease, which ends at `until`."""

    key = StringField(primary_key=True)
    kind = StringField()
    state = BinaryField()
    done = BooleanField()
    owner = StringField()
    until = LongField()

    meta: Mapping[str, Any] = {
        "collection": "jobs",
        "auto_create_index": False,
        "indexes": [{"name": "kind", "fields": ["kind"]}],
    }


class WriterDocument(Document):
    """The session that a process writes with, and its heartbeat; `_id` identifies the process."""

    key = StringField(primary_key=True)
    session = DynamicField()
    beat = LongField()
    at = DateTimeField()

    meta: Mapping[str, Any] = {"collection": "writers", "auto_create_index": False}


class MetaDocument(Document):
    """The store's own data: its schema version, its epoch and its secret."""

    key = StringField(primary_key=True)
    value = DynamicField()

    meta: Mapping[str, Any] = {"collection": "meta", "auto_create_index": False}
