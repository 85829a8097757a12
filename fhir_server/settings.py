"""The settings of the server, read from the environment variables `FHIR_SERVER_...` and the command line.

Each field is a setting; its variable is its name in capitals after `FHIR_SERVER_`. `docs/settings.md`
describes each; a test compares the two.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

PREFIX = "FHIR_SERVER_"
EXEMPT_PREFIX = "FHIR_SERVER_TEST_"
TRUE = frozenset({"true", "1", "yes", "on"})
FALSE = frozenset({"false", "0", "no", "off"})
ANYTHING = re.compile(r".+")
URL = re.compile(r"https?://[!-~]+")
"""Only visible characters, because the value is written into headers."""
HOST = re.compile(r"\*|[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]")
ORIGIN = re.compile(r"\*|null|[a-z][a-z0-9+.-]*://(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?")
"""An origin as browsers send it: lower case, without a path."""


class SettingError(Exception):
    """An invalid setting; the message is one line that says what is expected."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of a setting: how its text is parsed; `expects` completes "expected ..."."""

    expects: str
    read: Callable[[str], Any]


def _text(expects: str) -> Kind:
    return Kind(expects, _not_empty)


def _not_empty(text: str) -> str:
    if not text.strip():
        raise ValueError
    return text.strip()


def _integer(low: int, high: int) -> Kind:
    def read(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError
        return value

    return Kind(f"a whole number from {low} to {high}", read)


def _yes_or_no(text: str) -> bool:
    word = text.strip().lower()
    if word not in TRUE | FALSE:
        raise ValueError
    return word in TRUE


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _list(expects: str, pattern: re.Pattern[str] = ANYTHING) -> Kind:
    def read(text: str) -> tuple[str, ...]:
        parts = _parts(text)
        if not all(map(pattern.fullmatch, parts)):
            raise ValueError
        return parts

    return Kind(expects, read)


def _typed_urls(text: str) -> tuple[str, ...]:
    pairs = _parts(text)
    for pair in pairs:
        type, _, url = pair.partition("=")
        if not type.isalpha() or ":" not in url:
            raise ValueError
    return pairs


def _url(text: str) -> str:
    url = text.strip().rstrip("/")
    if not URL.fullmatch(url) or "?" in url or "#" in url:
        raise ValueError
    parts = urlsplit(url)
    if not parts.hostname or parts.port == 0:
        raise ValueError
    return url


def _zone_name(text: str) -> str:
    try:
        return ZoneInfo(text.strip()).key
    except (KeyError, OSError) as error:
        raise ValueError from error


def _one_of(*words: str) -> Kind:
    def read(text: str) -> str:
        found = {word.lower(): word for word in words}.get(text.strip().lower())
        if found is None:
            raise ValueError
        return found

    return Kind(f"one of {', '.join(words)}", read)


def setting(default: Any, kind: Kind, about: str, secret: bool = False) -> Any:
    """A field of `Settings`: its default, its kind, its purpose in one sentence, and whether it is secret."""
    return field(default=default, metadata={"kind": kind, "about": about, "secret": secret})


BOOLEAN = Kind("true or false", _yes_or_no)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The operator's settings. The defaults suit a developer's machine."""

    host: str = setting("127.0.0.1", _text("an address or host name"), "Address to listen on.")
    port: int = setting(8080, _integer(0, 65535), "TCP port to listen on; 0 takes any free one.")
    store: str = setting(
        "sqlite:///data/fhir.sqlite",
        _text("sqlite:///path/of/a/file, mongodb://host/database?replicaSet=rs0, or memory:"),
        "Where resources live: `sqlite:///relative`, `sqlite:////absolute`, `mongodb://host/database`, or "
        "`memory:` (lost at the end).",
    )
    store_timeout_seconds: int = setting(
        20, _integer(1, 600), "MongoDB: how long a question, or all attempts at one commit, may take."
    )
    store_pool_max: int = setting(64, _integer(1, 1_000), "MongoDB: connections to one server, per process.")
    store_username: str | None = setting(None, _text("a name"), "MongoDB: who this server is.")
    store_password: str | None = setting(
        None, _text("a password"), "MongoDB: its password, which a URI would show.", secret=True
    )
    store_tls: bool = setting(False, BOOLEAN, "MongoDB: connect by TLS (mongodb+srv: does so by itself).")
    store_tls_ca_file: str | None = setting(
        None, _text("the path of a PEM file"), "MongoDB: authorities that its certificate may be of."
    )
    store_tls_key_file: str | None = setting(
        None, _text("the path of a PEM file"), "MongoDB: this server's own certificate and key."
    )
    store_read_preference: str = setting(
        "primary",
        _one_of("primary", "primaryPreferred", "secondary", "secondaryPreferred", "nearest"),
        "MongoDB: which members answer reads. Only the primary's are always of the last write.",
    )
    workers: int = setting(1, _integer(1, 64), "Processes that serve requests; `memory:` allows one.")
    demo: bool = setting(False, BOOLEAN, "Load the programmes' synthetic cohort, once.")
    programmes: tuple[str, ...] = setting(
        ("mappings.sesame",),
        _list("names of Python packages, separated by commas"),
        "Care programmes whose guide and rules are loaded; empty for a plain FHIR server.",
    )
    programme_options: str | None = setting(
        None,
        _text("the path of a JSON file"),
        "Options of the programmes, by programme name, such as the switches of their rules.",
    )
    guide_root: str | None = setting(
        None,
        Kind("a URL such as https://fhir.example.org/guide", _url),
        "Canonical root to load the programmes' guides under, instead of their own.",
    )
    base_url: str | None = setting(
        None,
        Kind("a URL such as https://fhir.example.org/fhir", _url),
        "FHIR base as clients see it; unset, it follows the request's Host header.",
    )
    trust_forwarded_headers: bool = setting(
        False, BOOLEAN, "Believe X-Forwarded-Proto and X-Forwarded-Host (only behind your own proxy)."
    )
    allowed_hosts: tuple[str, ...] = setting(
        (),
        _list("host names, separated by commas, or *", HOST),
        "Host names that requests may carry; empty means this machine's own when listening on loopback, "
        "else any.",
    )
    allow_open_access: bool = setting(
        False, BOOLEAN, "Listen beyond loopback although no access control is configured."
    )
    cors_origins: tuple[str, ...] = setting(
        (),
        _list("origins such as https://app.example.org, separated by commas, or *", ORIGIN),
        "Web origins that may call from a browser; empty means pages of this machine only.",
    )
    time_zone: str = setting(
        "Europe/Paris",
        Kind("an IANA time zone such as Europe/Paris", _zone_name),
        "Time zone of dates and searches that name none; after a change run `fhir-server reindex`.",
    )
    required_profiles: tuple[str, ...] = setting(
        (),
        Kind("Type=canonical pairs, separated by commas", _typed_urls),
        "Profiles that resources of a type must satisfy, whether they claim them or not; of several for one "
        "type, any one.",
    )
    terminology_server: str | None = setting(
        None,
        Kind("a URL such as https://tx.example.org/r4", _url),
        "FHIR terminology server asked about codes of systems that are not known here; none when empty.",
    )
    terminology_timeout_seconds: int = setting(
        2, _integer(1, 60), "How long that server may take to answer before a code counts as not checked."
    )
    terminology_keep_seconds: int = setting(
        3_600, _integer(0, 604_800), "How long an answer of that server is kept."
    )
    expansion_count_max: int = setting(
        1_500, _integer(1, 1_000_000), "Most codes that `$expand` lists at once when no `count` is given."
    )
    body_max_bytes: int = setting(
        16_777_216, _integer(1_024, 1_073_741_824), "Largest request body, also after decompression."
    )
    json_depth_max: int = setting(100, _integer(10, 100), "Deepest nesting of a JSON body.")
    bundle_entries_max: int = setting(
        5_000, _integer(1, 100_000), "Most entries in one batch or transaction."
    )
    index_entries_max: int = setting(
        200_000,
        _integer(2_000, 10_000_000),
        "Most index entries of one resource: values and words that searches find it by.",
    )
    page_count_default: int = setting(20, _integer(1, 10_000), "Matches per page when `_count` is absent.")
    page_count_max: int = setting(
        1_000, _integer(1, 10_000), "Most matches per page, whatever `_count` says."
    )
    total_count_max: int = setting(
        1_000, _integer(0, 1_000_000), "Most matches that a search counts when `_total` does not ask for it."
    )
    include_count_max: int = setting(
        1_000, _integer(1, 100_000), "Most resources that `_include` and `_revinclude` add to a page."
    )
    conditional_delete_multiple: bool = setting(
        False, BOOLEAN, "Let a conditional delete erase several matches."
    )
    conditional_delete_max: int = setting(
        1_000, _integer(1, 100_000), "Most matches that one conditional delete may erase."
    )
    write_queue_max: int = setting(
        1_024, _integer(1, 100_000), "Requests that may wait for the store before the answer is 503."
    )
    store_threads: int = setting(16, _integer(1, 256), "Threads for a store that is reached over a network.")
    read_timeout_seconds: int = setting(
        30, _integer(1, 3_600), "How long the embedded store may look for one answer."
    )
    request_timeout_seconds: int = setting(
        60, _integer(1, 3_600), "How long a client may take to send one request, and longer where it is long."
    )
    shutdown_timeout_seconds: int = setting(
        30, _integer(0, 3_600), "How long a stop waits for open requests."
    )
    log_requests: bool = setting(True, BOOLEAN, "Write one line per request, without any search value.")

    @classmethod
    def load(cls, environment: Mapping[str, str], overrides: Mapping[str, Any] | None = None) -> Self:
        """The settings of `environment`; `overrides` (from the command line, None for not given) win.

        Raises `SettingError` for a variable that is not a setting and for a value that cannot be read.
        """
        known = {item.name: item for item in fields(cls)}
        values = _from_environment(environment, known)
        given = {name: value for name, value in (overrides or {}).items() if value is not None}
        for name, value in given.items():
            option = "--" + name.replace("_", "-")
            values[name] = _read(known[name], str(value), option)
        settings = cls(**values)
        settings._check_pages()
        return settings

    def _check_pages(self) -> None:
        if self.page_count_default > self.page_count_max:
            raise SettingError(
                f"{PREFIX}PAGE_COUNT_DEFAULT is {self.page_count_default}: expected at most "
                f"{PREFIX}PAGE_COUNT_MAX ({self.page_count_max})."
            )


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def default_text(item: "Field[Any]") -> str:
    """The default of a setting as text for the environment; empty for unset."""
    value = item.default
    if value is MISSING or value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _from_environment(environment: Mapping[str, str], known: Mapping[str, "Field[Any]"]) -> dict[str, Any]:
    values = {}
    for name, text in environment.items():
        if not name.startswith(PREFIX) or name.startswith(EXEMPT_PREFIX):
            continue
        item = known.get(name.removeprefix(PREFIX).lower())
        if item is None or name != variable(item.name):
            raise SettingError(_unknown(name, known))
        if text.strip() or isinstance(item.default, tuple):
            values[item.name] = _read(item, text, name)
    return values


def _read(item: "Field[Any]", text: str, source: str) -> Any:
    kind: Kind = item.metadata["kind"]
    try:
        return kind.read(text)
    except ValueError as error:
        raise SettingError(f"{source} is {text!r}: expected {kind.expects}.") from error


def _unknown(name: str, known: Mapping[str, "Field[Any]"]) -> str:
    near = difflib.get_close_matches(name.upper(), [variable(item) for item in known], n=1, cutoff=0.0)
    return f"{name} is not a setting; did you mean {near[0]}? docs/settings.md lists them all."
