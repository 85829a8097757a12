"""Copies a whole store to another: every version with its sequence, and all other data.

An interrupted transfer can be resumed. Nothing may write to the source meanwhile; the verification at the end
detects such writes, and whatever did not arrive.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import zip_longest

from msgspec.structs import astuple

from fhir_server.search.entries import Entries
from fhir_server.store.port import Store, StoredResource, UnitOfWork

BATCH = 100
"""Versions written, and held in memory, at a time."""

MARK = "transfer"
"""The document in the target that identifies the transfer in progress."""

EntriesOf = Callable[[StoredResource], Entries]


class TransferError(Exception):
    """A transfer that cannot start, or has failed; the message is one line."""


@dataclass(frozen=True, slots=True)
class Transferred:
    """Numbers of what is now in both stores, and a checksum over all versions."""

    versions: int
    resources: int
    uniques: int
    documents: int
    checksum: str


def transfer(
    source: Store, target: Store, entries_of: EntriesOf, advance: Callable[[int], None]
) -> Transferred:
    """Copy all of `source`, verify the copy, and give `target` the epoch and secret of `source`.

    Calls `advance` with the number of sequences done since its last call. Raises `TransferError`.
    """
    mark = _mark(source)
    _claim(target, mark)
    advance(target.watermark())
    _copy_versions(source, target, entries_of, advance)
    _copy_the_rest(source, target)
    done = _verified(source, target)
    if _mark(source) != mark:
        raise TransferError(
            "the definitions of the source have changed meanwhile. Start again, without a server."
        )
    target.adopt_identity(source.epoch, source.secret)
    target.transact(lambda unit: unit.put_document(MARK, None))
    return done


def _mark(source: Store) -> bytes:
    """The state of the source, which must be the same at the end of the transfer as at its start."""
    return f"{source.epoch} {source.generation()}".encode()


def _claim(target: Store, mark: bytes) -> None:
    """Mark the target, which must be empty or marked by the same transfer."""
    found = target.document(MARK)
    if found == mark:
        return
    if found is not None:
        raise TransferError("the target is a part of another transfer. Name an empty one.")
    if target.watermark() or target.documents(""):
        raise TransferError("the target holds something already. Name an empty one.")
    target.transact(lambda unit: unit.put_document(MARK, mark))


def _copy_versions(
    source: Store, target: Store, entries_of: EntriesOf, advance: Callable[[int], None]
) -> None:
    while batch := source.changes(after := target.watermark(), BATCH):
        arriving = [(version, Entries() if version.deleted else entries_of(version)) for version in batch]

        def import_batch(unit: UnitOfWork, arriving: list[tuple[StoredResource, Entries]] = arriving) -> None:
            unit.prefetch([(version.type, version.id) for version, _ in arriving])
            for version, entries in arriving:
                unit.import_version(version, entries)

        target.transact(import_batch)
        advance(batch[-1].sequence - after)


def _copy_the_rest(source: Store, target: Store) -> None:
    def work(unit: UnitOfWork) -> None:
        for key, owner in source.unique_keys():
            unit.claim_unique(key, owner)
        for name in source.documents(""):
            unit.put_document(name, source.document(name))
        unit.define_indexes(source.indexes().values())

    target.transact(work)


def _verified(source: Store, target: Store) -> Transferred:
    """Compare the stores version by version, and all other data as a whole."""
    checksum, versions = blake2b(digest_size=16), 0
    for here, there in zip_longest(_versions(source), _versions(target)):
        if here != there:
            place = here or there
            raise TransferError(f"{place and place.reference}: it is not the same in both. Start again.")
        checksum.update(repr(astuple(here)).encode())
        versions += 1
    if source.count() != target.count() or source.unique_keys() != target.unique_keys():
        raise TransferError("the stores do not hold the same. Start again with an empty target.")
    documents = source.documents("")
    if tuple(name for name in target.documents("") if name != MARK) != documents:
        raise TransferError("the stores do not keep the same documents. Start again with an empty target.")
    problems = target.check()
    if problems:
        raise TransferError(f"the target is not sound: {problems[0]}")
    resources = sum(source.count().values())
    return Transferred(versions, resources, len(source.unique_keys()), len(documents), checksum.hexdigest())


def _versions(store: Store) -> Iterator[StoredResource]:
    after = 0
    while batch := store.changes(after, BATCH):
        yield from batch
        after = batch[-1].sequence
