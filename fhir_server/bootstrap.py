"""The composition root: the only module that names concrete classes and assembles a server."""

import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from fhir_server.conversion.table import Table
from fhir_server.core import json
from fhir_server.core.ids import IdGenerator
from fhir_server.core.limits import Limits
from fhir_server.core.page_tokens import PageTokens
from fhir_server.definitions.registry import Registry
from fhir_server.errors import FhirError
from fhir_server.extension import Engine, Operation, PlugIns, Preparation, Software
from fhir_server.interactions.dispatch import Dispatcher
from fhir_server.interactions.engines import Engines
from fhir_server.jobs.job_runner import JobRunner
from fhir_server.jobs.preparer import Preparer
from fhir_server.operations.builtin import OPERATIONS
from fhir_server.programme import Programme
from fhir_server.search.extract import Extractor
from fhir_server.settings import SettingError, Settings, variable
from fhir_server.standalone import (
    guide_resources,
    programmes,
    resource_checks,
    software_version,
    terminology,
)
from fhir_server.store.backends import open_store, prepare
from fhir_server.store.mongo_options import MongoOptions
from fhir_server.store.port import Store
from fhir_server.store.sqlite import restore
from fhir_server.validation.fhirpath.engine import CompiledFhirPath
from fhir_server.validation.validator import Validator

if TYPE_CHECKING:
    from fhir_server.api.app import ApiOptions, Application
    from fhir_server.api.asgi import AsgiApp
    from fhir_server.api.executors import Executor
    from fhir_server.api.records import RecordServices

TITLE = "FHIR R4 server"
PATH_WORDS = ("metadata", "_history", "_search")
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})


@dataclass(frozen=True, slots=True)
class Server:
    """An assembled server without a transport. Close its `store` when done."""

    settings: Settings
    programmes: tuple[Programme, ...]
    store: Store
    engines: Engines
    dispatcher: Dispatcher
    operations: tuple[Operation, ...]
    records: Mapping[str, tuple[Table, ...]]
    preparations: tuple[Preparation, ...]


def required_profiles(settings: Settings, registry: Registry) -> dict[str, tuple[str, ...]]:
    """The required profiles by type; a resource must satisfy one of those of its type. Raises
    `SettingError`.
    """
    required: dict[str, tuple[str, ...]] = {}
    for pair in settings.required_profiles:
        type, _, profile = pair.partition("=")
        if not registry.is_resource_type(type):
            raise SettingError(f"{variable('required_profiles')} names {type!r}: no resource type of R4.")
        required[type] = (*required.get(type, ()), profile)
    return required


def plug_ins(found: Iterable[Programme], settings: Settings) -> list[PlugIns]:
    """The plug-ins of the programmes, with the options in the settings. Raises `SettingError`."""
    options = _programme_options(settings.programme_options)
    if unknown := options.keys() - {programme.name for programme in found}:
        raise SettingError(f"{variable('programme_options')}: no programme is named {sorted(unknown)[0]!r}.")
    try:
        return [
            programme.plug_ins(settings.guide_root, options.get(programme.name, {})) for programme in found
        ]
    except ValueError as error:
        raise SettingError(f"{variable('programme_options')}: {error}") from error


def _programme_options(path: str | None) -> dict[str, dict[str, Any]]:
    if path is None:
        return {}
    try:
        options = json.parse(Path(path).read_bytes())
    except (OSError, FhirError) as error:
        raise SettingError(f"{variable('programme_options')} names {path!r}: {error}") from error
    if not isinstance(options, dict) or not all(isinstance(of_one, dict) for of_one in options.values()):
        raise SettingError(f"{variable('programme_options')} names {path!r}: expected an object of objects.")
    return options


def build(settings: Settings) -> Server:
    """Open the store and assemble the engine."""
    found = programmes(settings)
    registry = Registry.r4().with_guides(guide_resources(found, settings.guide_root))
    zone = ZoneInfo(settings.time_zone)
    codes, paths = terminology(settings, registry), CompiledFhirPath(registry)
    extractor = Extractor(registry, zone, settings.base_url or "", paths, _addresses(settings))
    store = open_store_of(settings)
    plugged = plug_ins(found, settings)
    operations = (*OPERATIONS, *(operation for plug_ins in plugged for operation in plug_ins.operations))
    engine = Engine(
        store=store,
        registry=registry,
        validator=Validator(registry, paths, codes, resource_checks(found)),
        extractor=extractor,
        codes=codes,
        paths=paths,
        tokens=PageTokens(store.secret),
        zone=zone,
        software=Software(TITLE, software_version(), now()),
        now=now,
        new_id=IdGenerator(),
        limits=_limits(settings),
        conditional_delete_multiple=settings.conditional_delete_multiple,
        rules=tuple(rule for plug_ins in plugged for rule in plug_ins.rules),
        reactions=tuple(reaction for plug_ins in plugged for reaction in plug_ins.reactions),
        operations=operations,
        required_profiles=required_profiles(settings, registry),
    )
    engines = Engines(engine)
    records = {programme.name: plug_ins.records for programme, plug_ins in zip(found, plugged, strict=True)}
    preparations = tuple(step for plug_ins in plugged for step in plug_ins.preparations)
    return Server(settings, found, store, engines, Dispatcher(engines), operations, records, preparations)


def record_services(server: Server) -> "RecordServices":
    """The services that read and write records, by programme and record."""
    # Imported here because jsonschema takes a tenth of a second to import, and most commands do not need it.
    from fhir_server.conversion.record_service import RecordService

    return {
        programme: {table.name: RecordService(table, server.dispatcher.dispatch) for table in records}
        for programme, records in server.records.items()
    }


def engines(settings: Settings) -> Engines:
    """The engines of a worker process that takes part in a reindexing."""
    return build(settings).engines


def open_store_of(settings: Settings) -> Store:
    """The store in the settings, without an engine. Raises `SettingError`."""
    try:
        return open_store(settings.store, _store_options(settings))
    except ValueError as error:
        raise SettingError(f"{variable('store')} (--store): {error}") from error


def _store_options(settings: Settings) -> MongoOptions:
    return MongoOptions(
        timeout_seconds=settings.store_timeout_seconds,
        pool_max=settings.store_pool_max,
        username=settings.store_username,
        password=settings.store_password,
        tls=settings.store_tls,
        tls_ca_file=settings.store_tls_ca_file,
        tls_key_file=settings.store_tls_key_file,
        read_preference=settings.store_read_preference,
    )


def prepare_store(settings: Settings) -> int:
    """Create, migrate and index a store that needs it; returns the number of its indexes.

    Raises `SettingError` for a store that does so by itself.
    """
    try:
        return prepare(settings.store, _store_options(settings))
    except ValueError as error:
        raise SettingError(f"{variable('store')} (--store): {error}") from error


def restore_store(source: Path, target: Path) -> None:
    """Create a store at `target` from the backup `source`. Raises `SettingError` for an invalid backup."""
    try:
        restore(source, target)
    except ValueError as error:
        raise SettingError(f"{source}: {error}") from error


def now() -> int:
    """The wall clock in UTC microseconds."""
    return time.time_ns() // 1_000


def _limits(settings: Settings) -> Limits:
    return Limits(
        page_default=settings.page_count_default,
        page_max=settings.page_count_max,
        total_max=settings.total_count_max,
        include_max=settings.include_count_max,
        bundle_entries_max=settings.bundle_entries_max,
        conditional_delete_max=settings.conditional_delete_max,
        index_entries_max=settings.index_entries_max,
    )


def application(server: Server) -> "Application":
    """The ASGI application that serves `server`, and closes its store when it stops."""
    # Imported here because other commands do not need the web framework.
    from fhir_server.api.app import ApiOptions, Application
    from fhir_server.api.body import BodyLimits
    from fhir_server.api.executors import PoolExecutor, WriteExecutor
    from fhir_server.api.lazy_application import LazyApplication
    from fhir_server.api.middleware import Cors
    from fhir_server.api.request_log import RequestLog
    from fhir_server.api.target import BaseUrls

    settings, store, dispatcher = server.settings, server.store, server.dispatcher
    in_loop = store.capabilities.in_loop
    executor = (
        WriteExecutor(dispatcher.prepare, store.group, store.do_deferred_work, settings.write_queue_max)
        if in_loop
        else PoolExecutor(dispatcher.dispatch, settings.store_threads, settings.write_queue_max)
    )
    options = ApiOptions(
        limits=BodyLimits(settings.body_max_bytes, settings.json_depth_max),
        base_urls=BaseUrls(settings.base_url, _hosts(settings), settings.trust_forwarded_headers),
        cors=Cors(frozenset(origin.encode() for origin in settings.cors_origins)),
        reads_in_loop=in_loop,
        set_read_deadline=store.set_read_deadline,
        read_timeout_seconds=settings.read_timeout_seconds,
        log=RequestLog(_write_log, _known_words(server)) if settings.log_requests else None,
    )
    pages = LazyApplication(lambda: _pages(server, executor, options))
    runner = JobRunner(server.engines, server.engines.latest().new_id())
    runner.start()
    preparer = Preparer(server.engines, server.preparations)
    preparer.start()

    def close() -> None:
        preparer.stop()
        runner.stop()
        store.close()

    return Application(server.dispatcher, executor, pages, options, close)


def _pages(server: Server, executor: "Executor", options: "ApiOptions") -> "AsgiApp":
    """The application for the pages outside the FHIR base, and for native records."""
    from fhir_server.api.records import RecordsOptions, records
    from fhir_server.api.site import SiteOptions, site
    from fhir_server.api.site_responses import SiteResponses

    pages = site(SiteOptions(TITLE, software_version(), lambda: _openapi(server), server.engines.probe))
    most, answers = server.settings.bundle_entries_max, SiteResponses(options.base_urls)
    pages.include_router(
        records(RecordsOptions(record_services(server), executor, options.limits, answers, most))
    )
    pages.add_exception_handler(404, answers.not_found)
    pages.add_exception_handler(405, answers.method_not_allowed)
    return pages


def is_loopback(host: str) -> bool:
    """Whether an address can be reached only from this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _hosts(settings: Settings) -> frozenset[str]:
    """The host names that requests may use; empty for any."""
    if settings.allowed_hosts:
        names = frozenset(name.lower() for name in settings.allowed_hosts)
        return frozenset() if "*" in names else names
    if not is_loopback(settings.host):
        return frozenset()
    own = f"[{settings.host}]" if ":" in settings.host else settings.host
    public = urlsplit(settings.base_url or "").hostname
    return LOOPBACK_HOSTS | {own.lower()} | ({public} if public else set())


def _addresses(settings: Settings) -> tuple[str, ...]:
    """The possible FHIR bases of requests to this machine, for when no base URL is set."""
    hosts = sorted(_hosts(settings) or LOOPBACK_HOSTS)
    return tuple(f"http://{host}:{settings.port}/fhir" for host in hosts)


def _known_words(server: Server) -> frozenset[str]:
    codes = (f"${operation.code}" for operation in server.operations)
    types = server.engines.latest().registry.resource_types
    return frozenset({*types, *PATH_WORDS, *codes})


def _write_log(lines: str) -> None:
    sys.stderr.write(lines)
    sys.stderr.flush()


def _openapi(server: Server) -> bytes:
    from fhir_server.api.openapi import SearchableType, document

    registry = server.engines.current().registry
    types = (
        SearchableType(
            name,
            {
                parameter.code: (parameter.type, parameter.description)
                for parameter in registry.search_parameters(name).values()
            },
        )
        for name in registry.resource_types
    )
    return json.serialise(document(TITLE, software_version(), types))
