"""Installs and removes packages: all that are given or none, in one unit of work, for every process at once.

https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import msgspec

from fhir_server.definitions.packages import messages
from fhir_server.definitions.packages.dependencies import missing_dependencies
from fhir_server.definitions.packages.package import Package, PackageIndex
from fhir_server.errors import MalformedContent, NotFound, StoreUnavailable, Unprocessable
from fhir_server.extension import Engine
from fhir_server.interactions import messages as interaction_messages
from fhir_server.interactions.conformance import CONTENTS, PACKAGES, installed, packaged
from fhir_server.interactions.definition_changes import DEFINED_BY, put_in_force
from fhir_server.interactions.engines import DefinitionsChanged, Engines, transact
from fhir_server.issues import Issue
from fhir_server.search.parameter_validator import SearchParameterValidator
from fhir_server.store.port import UnitOfWork
from fhir_server.validation.structure import StructureValidator

T = TypeVar("T")

ATTEMPTS_MAX = 5

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Installed:
    """The packages given: those `added`, and those `known`, which were installed already."""

    added: tuple[PackageIndex, ...]
    known: tuple[PackageIndex, ...]


def install(engines: Engines, packages: Sequence[Package], *, check_dependencies: bool = True) -> Installed:
    """Install packages; where `check_dependencies`, only if all that they depend on is given too or
    installed.

    Raises `Unprocessable` with an issue for every dependency that is missing, and then nothing is installed.
    What is installed already under the same name and version is left as it is. Resources that cannot be used
    here are left out; the index of the package says which, and why.
    """
    given = tuple(_each_once(packages))
    return _retried(engines, lambda engine: _Installation(engine, given, check_dependencies).run)


def remove(
    engines: Engines, names: Sequence[str], *, check_dependencies: bool = True
) -> tuple[PackageIndex, ...]:
    """Remove the packages named `name#version`, or `name` for all its versions; where `check_dependencies`,
    only if no package that stays depends on them.

    Raises `NotFound` for a name that is none of them, `Unprocessable` for what is still needed; then nothing
    is removed.
    """
    return _retried(engines, lambda engine: partial(_remove, engine, tuple(names), check_dependencies))


def _retried(engines: Engines, work: Callable[[Engine], Callable[[UnitOfWork], T]]) -> T:
    """The result of the work, which is done anew where the definitions change meanwhile."""
    for _ in range(ATTEMPTS_MAX):
        engine = engines.current()
        try:
            return transact(engine, work(engine))
        except DefinitionsChanged:
            continue
    raise StoreUnavailable.of(interaction_messages.DEFINITIONS_CHANGING())


def _remove(
    engine: Engine, names: Iterable[str], check_dependencies: bool, unit: UnitOfWork
) -> tuple[PackageIndex, ...]:
    known = installed(unit)
    unknown = [name for name in names if not any(name in (package.name, package.label) for package in known)]
    if unknown:
        raise NotFound(
            *(Issue("error", "not-found", messages.NOT_INSTALLED(package=name)) for name in unknown)
        )
    leaving = tuple(package for package in known if package.name in names or package.label in names)
    staying = tuple(package for package in known if package not in leaving)
    needed = set(missing_dependencies(staying, ())) - set(missing_dependencies(known, ()))
    if check_dependencies and needed:
        raise Unprocessable(
            *(
                Issue("error", "conflict", messages.NEEDED(package=package, needed=name))
                for package, name in sorted(needed)
            )
        )
    for package in leaving:
        for resource in package.resources:
            unit.put_document(CONTENTS + package.key(resource.member), None)
        unit.put_document(PACKAGES + package.label, None)
    _put_in_force(engine, unit)
    return leaving


def _put_in_force(engine: Engine, unit: UnitOfWork) -> None:
    """Use the packages that the unit leaves."""
    registry = engine.registry.with_packages(packaged(unit, unit))
    put_in_force(unit, registry, engine.extractor.with_registry(registry))


def _each_once(packages: Iterable[Package]) -> Iterator[Package]:
    files: dict[str, str] = {}
    for package in packages:
        label = package.index.label
        if first := files.get(label):
            text = messages.GIVEN_TWICE(package=label, first=first, file=package.file)
            raise MalformedContent.of(text)
        files[label] = package.file
        yield package


class _Installation:
    """Installs packages in one unit of work."""

    def __init__(self, engine: Engine, given: tuple[Package, ...], check_dependencies: bool) -> None:
        self._engine = engine
        self._given = given
        self._must_be_complete = check_dependencies
        self._structure = StructureValidator(engine.registry)

    def run(self, unit: UnitOfWork) -> Installed:
        known = {package.label: package for package in installed(unit)}
        new = [package for package in self._given if package.index.label not in known]
        if self._must_be_complete:
            self._check_dependencies([package.index for package in new], known.values())
        usable = [self._usable(package) for package in new]
        for package in usable:
            _store_package(unit, package)
        if usable:
            _put_in_force(self._engine, unit)
        there = tuple(package.index for package in self._given if package.index.label in known)
        return Installed(tuple(package.index for package in usable), there)

    def _check_dependencies(self, new: Sequence[PackageIndex], known: Iterable[PackageIndex]) -> None:
        issues = [
            Issue("error", "not-found", messages.MISSING(package=package, missing=needed))
            for package, needed in missing_dependencies(new, known)
        ]
        if issues:
            raise Unprocessable(*issues)

    def _usable(self, package: Package) -> Package:
        """The package without the resources that cannot be used here."""
        left_out: dict[str, str] = {}
        for listed in package.index.resources:
            resource = package.resource(listed.member)
            problems = self._structure.validate(resource)
            if not problems and listed.type == DEFINED_BY:
                problems = self._parameter_validator.validate(resource)
            if problems:
                left_out[listed.member] = _sentence(problems[0])
        kept = tuple(listed for listed in package.index.resources if listed.member not in left_out)
        index = msgspec.structs.replace(package.index, resources=kept, left_out=left_out)
        return replace(package, index=index)

    @property
    def _parameter_validator(self) -> SearchParameterValidator:
        engine = self._engine
        return SearchParameterValidator(engine.registry, engine.extractor.indexing, engine.paths)


def _sentence(problem: Issue) -> str:
    return f"{', '.join(problem.expression)}: {problem.text.render()}"


def _store_package(unit: UnitOfWork, package: Package) -> None:
    for listed in package.index.resources:
        unit.put_document(CONTENTS + package.index.key(listed.member), package.bodies[listed.member])
    unit.put_document(PACKAGES + package.index.label, _encode(package.index))
