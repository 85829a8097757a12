"""Servers and databases that the store refuses to open, and its messages."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import SecondaryPreferred
from pymongo.write_concern import WriteConcern

from fhir_server.core.resource import Draft
from fhir_server.errors import ContentTooLarge, StoreUnavailable
from fhir_server.search.ast import Match, SearchQuery, StringValue, TokenValue
from fhir_server.search.entries import Entries, StringEntry, TokenEntry
from fhir_server.store.backends import open_store, without_credentials
from fhir_server.store.mongo import MongoStore, address_of, prepare_database
from fhir_server.store.mongo.connection import connect
from fhir_server.store.mongo_options import MongoOptions
from tests.mongo.databases import emptied_store
from tests.mongo.server import MongoServer, database_uri, new_server
from tests.store.samples import person, put, references

HASTY = MongoOptions(timeout_seconds=1)


@pytest.fixture
def started() -> Iterator[Callable[..., str]]:
    """Starts a server of the test's own with options, and gives the URI of a database there."""
    servers: list[MongoServer] = []

    def start(*options: str) -> str:
        servers.append(new_server())
        servers[-1].start(*options)
        return database_uri(servers[-1].uri)

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def database() -> Iterator[tuple[str, Any]]:
    """A database that nobody has used: its URI, and itself."""
    uri = database_uri()
    client: MongoClient[Any] = MongoClient(uri)
    with client:
        yield uri, client.get_default_database()


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("mongodb:", "Invalid URI scheme"),
        ("mongodb://", "at least one hostname"),
        ("mongodb://host", "name a database"),
        ("mongodb://host/a.b", "name a database"),
        ("mongodb://host:port/a", "[Pp]ort"),
        ("mongodb+srv://host.example", "name a database"),
    ],
)
def test_a_bad_uri_says_why(uri: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        open_store(uri, HASTY)
    assert "\n" not in str(raised.value)


def test_credentials_are_not_shown() -> None:
    assert without_credentials("mongodb://user:geheim@host/x") == "mongodb://***@host/x"
    assert without_credentials("sqlite:///a@b.db") == "sqlite:///a@b.db"
    assert without_credentials("mongodb://h/x?tlsCertificateKeyFilePassword=geheim&w=1").endswith(
        "Password=***&w=1"
    )


@pytest.mark.parametrize("scheme", ["mongodb", "mongodb+srv"])
@pytest.mark.parametrize("password", ["geheim", "12/geheim", "x/12geheim", "@geheim", "12:geheim", "%geheim"])
def test_a_password_that_is_not_escaped_is_not_shown_either(scheme: str, password: str) -> None:
    with pytest.raises(ValueError) as raised:
        open_store(f"{scheme}://user:{password}@host", HASTY)
    assert "geheim" not in str(raised.value)


def test_a_standalone_server_is_refused(started: Callable[..., str]) -> None:
    uri = started("--standalone").partition("?")[0]
    with pytest.raises(StoreUnavailable, match=r"rs\.initiate\(\)"):
        open_store(uri, HASTY)


def test_wrong_credentials_are_said_so(started: Callable[..., str]) -> None:
    uri = started("--auth")
    with pytest.raises(StoreUnavailable, match="refuses this server's credentials"):
        open_store(uri, MongoOptions(timeout_seconds=5, username="somebody", password="geheim"))
    with pytest.raises(StoreUnavailable, match="refuses this server's credentials"):
        open_store(uri, HASTY)


def test_a_user_with_the_right_password_is_let_in() -> None:
    server = new_server()
    server.start()
    uri = database_uri(server.uri)
    client: MongoClient[Any] = MongoClient(uri)
    with client:
        database = client.get_default_database()
        database.command(
            "createUser", "fhir", pwd="geheim", roles=[{"role": "readWrite", "db": database.name}]
        )
    server.stop()
    server.start("--auth")
    try:
        named = MongoOptions(timeout_seconds=10, username="fhir", password="geheim")
        store = MongoStore(address_of(uri), named)
        assert put(store, person("a")).sequence == 1
        assert store.check() == []
        store.close()
    finally:
        server.stop()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl, to make a certificate")
def test_a_connection_by_tls_knows_the_server_by_its_certificate(
    started: Callable[..., str], tmp_path: Path
) -> None:
    certificate, key = tmp_path / "server.pem", tmp_path / "key.pem"
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
    ]
    named = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*made, *named], check=True, capture_output=True)
    uri = started("--tls-cert-file", str(certificate), "--tls-key-file", str(key))
    store = MongoStore(
        address_of(uri), MongoOptions(timeout_seconds=10, tls=True, tls_ca_file=str(certificate))
    )
    assert put(store, person("a")).sequence == 1
    store.close()
    with pytest.raises(StoreUnavailable):
        open_store(uri, MongoOptions(timeout_seconds=2, tls=True))
    with pytest.raises(StoreUnavailable):
        open_store(uri, MongoOptions(timeout_seconds=2))


def test_an_old_server_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fhir_server.store.mongo.connection.WIRE_VERSION_MIN", 10_000)
    with pytest.raises(StoreUnavailable, match=r"needs 8\.0 or later"):
        open_store(database_uri())


def test_a_sharded_cluster_is_as_good_as_a_replica_set(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"msg": "isdbgrid", "maxWireVersion": 25}
    monkeypatch.setattr(Database, "command", lambda *_: told)
    connect(address_of(database_uri()), MongoOptions()).close()
    told["msg"] = "other"
    with pytest.raises(StoreUnavailable, match="standalone"):
        connect(address_of(database_uri()), MongoOptions())


def test_the_driver_is_told_how_long_and_how_surely() -> None:
    options = MongoOptions(timeout_seconds=7, pool_max=3, read_preference="secondaryPreferred")
    with connect(address_of(database_uri()), options) as client:
        assert client.options.timeout == 7
        assert client.options.server_selection_timeout == 7
        assert client.options.pool_options.max_pool_size == 3
        assert client.options.pool_options.connect_timeout == 7
        assert client.write_concern == WriteConcern("majority", j=True)
        assert client.read_concern == ReadConcern("majority")
        assert client.read_preference == SecondaryPreferred()
        assert client.options.retry_reads
        assert client.options.retry_writes


def test_a_database_of_another_application_is_left_alone(database: tuple[str, Any]) -> None:
    uri, foreign = database
    foreign["invoices"].insert_one({"_id": 1})
    with pytest.raises(ValueError, match="another application's"):
        open_store(uri)
    assert foreign.list_collection_names() == ["invoices"]


def test_what_the_database_makes_for_itself_is_no_other_application(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "list_collection_names", lambda *_: ["system.profile", "system.views"])
    MongoStore(address_of(database_uri()), indexes=False).close()


def test_a_store_of_a_newer_server_is_refused(database: tuple[str, Any]) -> None:
    uri, newer = database
    MongoStore(address_of(uri), indexes=False).close()
    newer["meta"].update_one({"_id": "schema"}, {"$set": {"value": 99}})
    with pytest.raises(StoreUnavailable, match="schema 99, newer"):
        open_store(uri)


def test_an_index_that_cannot_be_built_is_named(database: tuple[str, Any]) -> None:
    uri, other = database
    other["resources"].create_index([("x", 1)], name="tokens")
    with pytest.raises(StoreUnavailable, match="could not build the index 'resources"):
        open_store(uri)


def test_a_migration_that_was_interrupted_is_taken_up_again(
    database: tuple[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    uri, half = database
    with monkeypatch.context() as patch:
        patch.setattr("fhir_server.store.mongo.schema._put_once", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            open_store(uri)
    assert "resources" in half.list_collection_names()
    store = open_store(uri)
    assert put(store, person("a")).sequence == 1
    store.close()


def test_indexes_that_are_gone_are_built_again(database: tuple[str, Any]) -> None:
    uri, store = database
    open_store(uri).close()
    names = set(store["resources"].index_information())
    store["resources"].drop_index("tokens")
    assert prepare_database(address_of(uri), MongoOptions()) > 20
    assert set(store["resources"].index_information()) == names


def test_a_resource_that_no_document_can_hold_is_refused() -> None:
    store = emptied_store()
    huge = Draft("Binary", "huge", b',"data":"' + b"A" * (16 * 1024 * 1024) + b'"}')
    with pytest.raises(ContentTooLarge, match=r"Binary/huge takes 16\d{6} bytes"):
        store.transact(lambda unit: unit.put(huge, Entries(), "PUT"))
    nearly = Draft("Binary", "nearly", b',"data":"' + b"A" * (16 * 1024 * 1024 - 2_000) + b'"}')
    store.transact(lambda unit: unit.put(nearly, Entries(), "PUT"))
    store.transact(lambda unit: unit.put(nearly, Entries(), "PUT"))
    assert [len(stored.body) // 1_000_000 for stored in store.changes(0, 10)] == [16, 16]
    store.close()


@pytest.mark.parametrize(
    "text", ["$where", '{"$gt": ""}', "a.b", "$x", "\x01", "\x02\x03", ".*", "a\\", "(", "^", "\0"]
)
def test_what_looks_like_an_operator_is_data(text: str) -> None:
    store = emptied_store()
    entries = Entries(strings=[StringEntry("name", text, text)], tokens=[TokenEntry("code", text, text)])
    store.transact(lambda unit: unit.put(Draft("Basic", "a", b"}"), entries, "PUT"))
    put(store, person("b", type="Basic"))
    store.transact(lambda unit: unit.claim_unique(text, "Basic/a"))
    store.transact(lambda unit: unit.put_document(text, b"x"))

    def found(match: Match) -> list[str]:
        return references(store.search(SearchQuery(("Basic",), (match,))).matches)

    for modifier in (None, "exact", "contains", "ew"):
        assert found(Match("name", "string", (StringValue(text, text),), modifier)) == ["Basic/a"], modifier
    for value in (TokenValue(text, text), TokenValue(None, text), TokenValue(text, None)):
        assert found(Match("code", "token", (value,))) == ["Basic/a"], value
    assert store.documents("") == (text,)
    assert store.read("Basic", text) is None
    assert store.check() == []
    store.close()
