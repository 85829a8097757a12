"""Jobs, each held by one process at a time with a lease."""

import sqlite3

from fhir_server.store.port import LEASE_MICROSECONDS_MAX, Job

_ACQUIRE = f"""
INSERT INTO jobs (id, kind, state, done, owner, lease_until) VALUES (?1, ?2, x'', 0, ?3, ?4)
ON CONFLICT (id) DO UPDATE SET owner = ?3, lease_until = ?4
WHERE done = 0 AND (owner = ?3 OR lease_until NOT BETWEEN ?5 + 1 AND ?5 + {LEASE_MICROSECONDS_MAX})
RETURNING id, kind, state, done"""

_UPDATE = "UPDATE jobs SET state = ?, done = ? WHERE id = ? AND owner = ?"


def acquire_job(
    connection: sqlite3.Connection, kind: str, id: str, owner: str, now: int, lease_until: int
) -> Job | None:
    """Take or renew a lease; None while another owner holds it, or once the job is done."""
    row = connection.execute(_ACQUIRE, (id, kind, owner, lease_until, now)).fetchone()
    return Job(row[0], row[1], row[2], bool(row[3])) if row else None


def update_job(connection: sqlite3.Connection, id: str, owner: str, state: bytes, done: bool) -> bool:
    """Save progress; False when another owner has taken the lease."""
    return connection.execute(_UPDATE, (state, done, id, owner)).rowcount == 1


def jobs(connection: sqlite3.Connection, kind: str) -> tuple[Job, ...]:
    """All jobs of a kind, sorted by id."""
    rows = connection.execute("SELECT id, kind, state, done FROM jobs WHERE kind = ? ORDER BY id", (kind,))
    return tuple(Job(id, kind, state, bool(done)) for id, kind, state, done in rows)
