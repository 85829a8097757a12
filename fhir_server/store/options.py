"""What an operator may decide of a store that is reached over a network; unset is what its URI says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MongoOptions:
    """Options of a store in MongoDB. The timeout bounds every question, and all attempts at one
    transaction.
    """

    timeout_seconds: float = 20.0
    pool_max: int = 64
    username: str | None = None
    password: str | None = None
    tls: bool = False
    tls_ca_file: str | None = None
    tls_key_file: str | None = None
    read_preference: str | None = None
