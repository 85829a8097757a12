"""The parts that work without a store: the programmes, their guides, and the validator of a command.

The store, the interactions and the web framework are not imported here, so that `validate` starts quickly.
"""

import time
from collections.abc import Iterable
from importlib import import_module

from fhir_server.codes.terminology import Terminology
from fhir_server.definitions.layers import Entry, LazyLayer
from fhir_server.definitions.packages.messages import FAULTY_RESOURCE
from fhir_server.definitions.packages.package import Package
from fhir_server.definitions.registry import Registry
from fhir_server.errors import MalformedContent
from fhir_server.programme import Programme, Resource
from fhir_server.settings import SettingError, Settings, variable
from fhir_server.validation.checks.builtin_checks import CHECKS
from fhir_server.validation.checks.check import Check
from fhir_server.validation.fhirpath.engine import CompiledFhirPath
from fhir_server.validation.structure import StructureValidator
from fhir_server.validation.validator import Validator

DISTRIBUTION = "sesame-fhir-server"


def software_version() -> str:
    """The version of the installed distribution."""
    # Imported here because it takes a twentieth of the start-up time of `validate`.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "0+source"


def programmes(settings: Settings) -> tuple[Programme, ...]:
    """The care programmes that the settings name. Raises `SettingError` for one that cannot be imported."""
    return tuple(_programme(name) for name in settings.programmes)


def _programme(name: str) -> Programme:
    try:
        found = import_module(name).PROGRAMME
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise SettingError(
            f"{variable('programmes')} names {name!r}: expected a Python package with a PROGRAMME ({error})."
        ) from error
    if not isinstance(found, Programme):
        raise SettingError(f"{variable('programmes')} names {name!r}: its PROGRAMME is no care programme.")
    return found


def guide_resources(found: Iterable[Programme], root: str | None) -> list[Resource]:
    """The guides of the programmes as plain resources, under the given canonical root."""
    return [resource for programme in found for resource in programme.guide(root)]


def resource_checks(found: Iterable[Programme]) -> tuple[Check, ...]:
    """The engine's checks of whole resources, and those of the programmes."""
    return (*CHECKS, *(check for programme in found for check in programme.checks))


def validator(settings: Settings, packages: Iterable[Package] = ()) -> Validator:
    """A validator without a store, with the guides of the programmes and packages."""
    found = programmes(settings)
    base = Registry.r4()
    registry = base.with_packages(packaged(packages, StructureValidator(base)))
    registry = registry.with_guides(guide_resources(found, settings.guide_root))
    return Validator(
        registry, CompiledFhirPath(registry), terminology(settings, registry), resource_checks(found)
    )


def packaged(packages: Iterable[Package], structure: StructureValidator) -> LazyLayer:
    """The registry layer of some packages; each resource is checked when it is first read."""
    places = {
        package.index.key(member): (package, member) for package in packages for member in package.bodies
    }
    entries = tuple(entry for package, _ in places.values() for entry in package.index.entries())

    def read(entry: Entry) -> Resource:
        package, member = places[entry.key]
        resource = package.resource(member)
        if problems := structure.validate(resource):
            text = FAULTY_RESOURCE(file=package.file, member=member, reason=problems[0])
            raise MalformedContent.of(text)
        return resource

    return LazyLayer(tuple(dict.fromkeys(entries)), read)


def terminology(settings: Settings, registry: Registry) -> Terminology:
    """The terminology, with the remote terminology server of the settings if there is one."""
    if settings.terminology_server is None:
        return Terminology(registry, expansion_max=settings.expansion_count_max)
    # Imported here because the HTTP client takes a tenth of a second to import, and most servers do not need
    # it.
    import httpx

    from fhir_server.codes.remote import RemoteTerminology

    client = httpx.Client(timeout=settings.terminology_timeout_seconds)
    keep = settings.terminology_keep_seconds
    remote = RemoteTerminology(settings.terminology_server, client, time.monotonic, cache_seconds=keep)
    return Terminology(registry, remote, settings.expansion_count_max)
