"""The tables of the embedded store, and the migrations that upgrade an older file.

`versions` is the log: every committed version of every resource, in commit order, never changed afterwards.
`resources` holds the current version of each. Each type of index entry has a table of its own, sorted as a
search reads it: by parameter, value, resource.
https://www.sqlite.org/withoutrowid.html
"""

import sqlite3
import uuid
from collections.abc import Callable
from secrets import token_bytes

from fhir_server.store.sqlite.backlog import index_at_once
from fhir_server.store.sqlite.code_date_index import create_code_date_index

APPLICATION_ID = 0x46484952
"""The application id of our files ("FHIR" in ASCII)."""

_RESOURCES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE types (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE parameters (
    id INTEGER PRIMARY KEY, type TEXT NOT NULL, code TEXT NOT NULL, UNIQUE (code, type));
CREATE INDEX parameters_type ON parameters (type);
CREATE TABLE systems (id INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE);
INSERT INTO types VALUES (0, '');
INSERT INTO systems VALUES (0, '');

CREATE TABLE versions (
    sequence INTEGER PRIMARY KEY, key INTEGER NOT NULL, type INTEGER NOT NULL, id TEXT NOT NULL,
    version INTEGER NOT NULL, last_updated INTEGER NOT NULL, method TEXT NOT NULL, body BLOB NOT NULL);
CREATE UNIQUE INDEX versions_key ON versions (key, version);
CREATE INDEX versions_type ON versions (type);

CREATE TABLE resources (
    key INTEGER PRIMARY KEY, type INTEGER NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
    sequence INTEGER NOT NULL, last_updated INTEGER NOT NULL, living INTEGER NOT NULL,
    entries BLOB NOT NULL);
CREATE UNIQUE INDEX resources_id ON resources (type, id);
CREATE INDEX resources_living ON resources (type) WHERE living = 1;
CREATE INDEX resources_updated ON resources (type, last_updated) WHERE living = 1;

CREATE TABLE uniques (key TEXT PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX uniques_owner ON uniques (owner);
CREATE TABLE jobs (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, state BLOB NOT NULL, done INTEGER NOT NULL,
    owner TEXT NOT NULL, lease_until INTEGER NOT NULL) WITHOUT ROWID;
"""

_INDEXES = """
CREATE TABLE string (
    parameter INTEGER, text TEXT, key INTEGER, exact TEXT,
    PRIMARY KEY (parameter, text, key, exact)) WITHOUT ROWID;
CREATE TABLE token (
    parameter INTEGER, code TEXT, key INTEGER, system INTEGER,
    PRIMARY KEY (parameter, code, key, system)) WITHOUT ROWID;
CREATE TABLE reference (
    parameter INTEGER, target TEXT, key INTEGER, type INTEGER, version TEXT,
    PRIMARY KEY (parameter, target, key, type, version)) WITHOUT ROWID;
CREATE TABLE date (
    parameter INTEGER, low INTEGER, high INTEGER, key INTEGER,
    PRIMARY KEY (parameter, low, high, key)) WITHOUT ROWID;
CREATE TABLE number (
    parameter INTEGER, low TEXT, high TEXT, key INTEGER,
    PRIMARY KEY (parameter, low, high, key)) WITHOUT ROWID;
CREATE TABLE quantity (
    parameter INTEGER, low TEXT, high TEXT, key INTEGER, code TEXT, system INTEGER, unit TEXT,
    PRIMARY KEY (parameter, low, high, key, code, system, unit)) WITHOUT ROWID;
CREATE TABLE uri (
    parameter INTEGER, value TEXT, key INTEGER,
    PRIMARY KEY (parameter, value, key)) WITHOUT ROWID;
CREATE TABLE composite (
    parameter INTEGER, lead, key INTEGER, cells TEXT,
    PRIMARY KEY (parameter, lead, key, cells)) WITHOUT ROWID;

CREATE INDEX string_key ON string (key, parameter);
CREATE INDEX token_key ON token (key, parameter);
CREATE INDEX reference_key ON reference (key, parameter);
CREATE INDEX date_key ON date (key, parameter);
CREATE INDEX number_key ON number (key, parameter);
CREATE INDEX quantity_key ON quantity (key, parameter);
CREATE INDEX uri_key ON uri (key, parameter);
CREATE INDEX composite_key ON composite (key, parameter);
CREATE INDEX date_high ON date (parameter, high);
"""

_DEFINITIONS = """
CREATE TABLE indexes (type TEXT PRIMARY KEY, fingerprints BLOB NOT NULL, pending BLOB NOT NULL) WITHOUT ROWID
"""

_WORDS_AND_POSITIONS = """
CREATE TABLE word (
    parameter INTEGER, text TEXT, key INTEGER,
    PRIMARY KEY (parameter, text, key)) WITHOUT ROWID;
CREATE TABLE position (
    parameter INTEGER, latitude REAL, longitude REAL, key INTEGER,
    PRIMARY KEY (parameter, latitude, longitude, key)) WITHOUT ROWID;
CREATE INDEX position_key ON position (key, parameter)
"""

_BACKLOG = """
CREATE TABLE backlog (key INTEGER PRIMARY KEY, rows BLOB NOT NULL)
"""

_DOCUMENTS = """
CREATE TABLE documents (name TEXT PRIMARY KEY, body BLOB NOT NULL)
"""

_INTERVALS = """
CREATE INDEX number_interval ON number (parameter, high) WHERE low <> high;
CREATE INDEX quantity_interval ON quantity (parameter, high) WHERE low <> high
"""

_LONG_DATES = """
CREATE INDEX date_long ON date (parameter, low) WHERE high - low > 86400000000
"""

_INDEXED_UP_TO = """
INSERT INTO meta SELECT 'indexed', ifnull(max(key), 0) FROM resources;
CREATE VIEW waiting AS SELECT key FROM backlog
    UNION ALL SELECT key FROM resources WHERE key > (SELECT value FROM meta WHERE name = 'indexed')
"""

_BEGUN_UP_TO = """
INSERT INTO meta SELECT 'begun', value FROM meta WHERE name = 'indexed'
"""

_LATEST_FIRST = """
DROP INDEX date_high;
CREATE INDEX date_high ON date (parameter, high DESC, key)
"""

_BY_UNIT = """
CREATE INDEX IF NOT EXISTS quantity_unit ON quantity (parameter, code, key);
CREATE INDEX IF NOT EXISTS quantity_in_unit ON quantity (parameter, code, low, high)
"""

MIGRATIONS: tuple[str | Callable[[sqlite3.Connection], None], ...] = (
    _RESOURCES + _INDEXES,
    _DEFINITIONS,
    _WORDS_AND_POSITIONS,
    _BACKLOG,
    _DOCUMENTS,
    _INTERVALS,
    _LONG_DATES,
    _INDEXED_UP_TO,
    _BEGUN_UP_TO,
    _LATEST_FIRST,
    index_at_once,
    create_code_date_index,
    _BY_UNIT,
)
"""The steps from each schema version to the next, as statements or functions; version 0 is an empty file."""


class UnknownSchema(ValueError):
    """The file is no store of this server, or was written by a newer version."""


def prepare(connection: sqlite3.Connection) -> None:
    """Create or migrate the tables of an open store. Several processes may do so at once.

    Raises `UnknownSchema` for a file that this server cannot understand.
    """
    if check_file(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        _migrate(connection, check_file(connection))
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def check_file(connection: sqlite3.Connection) -> int:
    """The schema version of a file, 0 for an empty one. Raises `UnknownSchema` as `prepare` does."""
    # In this order, because another process that creates the tables commits them with the application id.
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        if application or tables:
            raise UnknownSchema("The file is a database of another application; name another file.")
        return 0
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise UnknownSchema(f"The store has schema {version}, newer than this server's {len(MIGRATIONS)}.")
    return int(version)


def _migrate(connection: sqlite3.Connection, version: int) -> None:
    for migration in MIGRATIONS[version:]:
        if callable(migration):
            migration(connection)
        else:
            for statement in migration.split(";"):
                connection.execute(statement)
    if version == 0:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("INSERT INTO meta VALUES ('secret', ?)", (token_bytes(32),))
        renew_epoch(connection)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def renew_epoch(connection: sqlite3.Connection) -> None:
    """Give the store a new epoch: a line of history of its own starts here."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('epoch', ?)", (str(uuid.uuid4()).encode(),))


def set_identity(connection: sqlite3.Connection, epoch: str, secret: bytes) -> None:
    """Give the store the epoch and the secret of another store."""
    values = [("epoch", epoch.encode()), ("secret", secret)]
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values)
