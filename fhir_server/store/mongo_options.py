"""Connection options of a store in MongoDB, set by the operator; an unset one is taken from the URI."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MongoOptions:
    """Connection options. The timeout limits every command, and all attempts at one transaction together."""

    timeout_seconds: float = 20.0
    pool_max: int = 64
    username: str | None = None
    password: str | None = None
    tls: bool = False
    tls_ca_file: str | None = None
    tls_key_file: str | None = None
    read_preference: str | None = None
