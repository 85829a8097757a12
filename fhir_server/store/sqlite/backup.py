"""Backups of the store to one file, and their restoration.

https://www.sqlite.org/backup.html
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from fhir_server.store.sqlite.connection import BESIDE, translating_errors
from fhir_server.store.sqlite.schema import UnknownSchema, check_file, renew_epoch


@translating_errors
def back_up(source: sqlite3.Connection, target: Path) -> None:
    """Copy a snapshot of an open store to a file that must not exist yet."""
    _copy(source, target, lambda _: None)


@translating_errors
def restore(source: Path, target: Path) -> None:
    """Create a store at `target` from the backup `source`, with an epoch of its own.

    Raises `FileExistsError` if the target exists, `UnknownSchema` if the source is no backup.
    """
    if not source.is_file():
        raise FileNotFoundError(source)
    with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as backup:
        if check_file(backup) == 0:
            raise UnknownSchema("The file is empty.")
        _copy(backup, target, renew_epoch)


def _refuse_remains(target: Path) -> None:
    """Raise `FileExistsError` if a store exists there, or the log of one that was moved or deleted, which
    would be taken for the log of the copy.
    """
    for path in (target, *(target.with_name(target.name + suffix) for suffix in BESIDE)):
        if path.exists():
            raise FileExistsError(path)


def _copy(source: sqlite3.Connection, target: Path, finish: Callable[[sqlite3.Connection], None]) -> None:
    """Copy to a temporary name, so that the file appears under its own name only once it is complete."""
    _refuse_remains(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(partial, isolation_level=None)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            finish(copy)
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
