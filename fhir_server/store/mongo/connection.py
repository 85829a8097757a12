"""The connection to a replica set or a sharded cluster, and the checks of it.

https://www.mongodb.com/docs/manual/reference/connection-string/
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pymongo import MongoClient
from pymongo.errors import ConfigurationError, InvalidURI, PyMongoError
from pymongo.uri_parser import parse_uri

from fhir_server import errors
from fhir_server.store import messages
from fhir_server.store.mongo.error_translation import translating_errors
from fhir_server.store.mongo_options import MongoOptions

WIRE_VERSION_MIN = 25
SERVER_VERSION_MIN = "8.0"
"""The first version that accepts writes to several collections in one command."""

NO_TIMEOUT = 0
"""For `pymongo.timeout`: no timeout. With None the timeout of the client would apply."""

_SRV = "mongodb+srv"
_MILLISECONDS = 1_000


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a store: the URI for the driver, and the name of the database."""

    uri: str
    database: str


def address_of(uri: str) -> Address:
    """Parse a URI. Raises `ValueError` if it names no database or cannot be parsed."""
    if "@" in uri.partition("://")[2].partition("?")[0].partition("/")[2]:
        # The driver would take the text after the slash for the database, and show it in an error.
        raise ValueError("in a name or password, write %2F for a slash, or give both as settings")
    try:
        if uri.startswith(_SRV):
            # The driver queries the DNS when it connects; here only the syntax is checked.
            name = urlsplit(uri).path.strip("/")
        else:
            parsed = parse_uri(uri, warn=False)
            name = "" if parsed["collection"] else parsed["database"] or ""
    except (InvalidURI, ConfigurationError, ValueError) as error:
        raise ValueError(f"{error}; write mongodb://host/database?replicaSet=rs0".rstrip(".")) from error
    if not name:
        raise ValueError("name a database: mongodb://host/database?replicaSet=rs0")
    return Address(uri, name)


def connect(address: Address, options: MongoOptions) -> MongoClient[Any]:
    """A client of a suitable server.

    Raises `StoreUnavailable` for a server that cannot be reached, refuses the credentials, is standalone or
    too old; `ValueError` for inconsistent options.
    """
    try:
        client: MongoClient[Any] = MongoClient(address.uri, **_driver_options(options))
    except (ConfigurationError, InvalidURI, OSError, TypeError) as error:
        raise ValueError(str(error).rstrip(".")) from error
    try:
        with translating_errors():
            _check(client)
    except BaseException:
        client.close()
        raise
    return client


def _driver_options(options: MongoOptions) -> dict[str, Any]:
    milliseconds = int(options.timeout_seconds * _MILLISECONDS)
    given = {
        "username": options.username,
        "password": options.password,
        "tls": True if options.tls else None,
        "tlsCAFile": options.tls_ca_file,
        "tlsCertificateKeyFile": options.tls_key_file,
        "readPreference": options.read_preference,
    }
    return {
        "appname": "fhir-server",
        "serverSelectionTimeoutMS": milliseconds,
        "connectTimeoutMS": milliseconds,
        "timeoutMS": milliseconds,
        "maxPoolSize": options.pool_max,
        "w": "majority",
        "journal": True,
        "readConcernLevel": "majority",
        "retryWrites": True,
        "retryReads": True,
        **{name: value for name, value in given.items() if value is not None},
    }


def _check(client: MongoClient[Any]) -> None:
    """Raise `StoreUnavailable` unless the server has transactions and is new enough."""
    hello = client.admin.command("hello")
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise errors.StoreUnavailable.of(messages.STORE_STANDALONE())
    if hello.get("maxWireVersion", 0) < WIRE_VERSION_MIN:
        text = messages.STORE_TOO_OLD(found=_version(client), needed=SERVER_VERSION_MIN)
        raise errors.StoreUnavailable.of(text)


def _version(client: MongoClient[Any]) -> str:
    try:
        return str(client.server_info()["version"])
    except PyMongoError:
        return "?"
