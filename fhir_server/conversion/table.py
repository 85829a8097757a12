"""The table of a native record: each field with its kind and its paths in FHIR.

The JSON Schema, both conversions and the documentation are derived from the table, so that a record survives
the round trip through FHIR by construction. https://json-schema.org/draft/2020-12
"""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from fhir_server.conversion.field_kinds import Kind, Pool
from fhir_server.conversion.members import get_member, set_member
from fhir_server.conversion.paths import Path, Patterns, matches_pattern, path
from fhir_server.conversion.references import reference_by_identifier, reference_to
from fhir_server.core.name_based_uuid import name_based_uuid

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Resource = dict[str, Any]
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A field: `name` has dots inside objects; `places` are FHIR paths, the first of which is read.

    `required` inside an object applies where the object is present.
    """

    name: str
    kind: Kind
    places: tuple[str, ...]
    description: str
    required: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Derived:
    """An element computed from the record by `value`; absent when that returns None."""

    place: str
    value: Callable[[Values], Any]
    description: str


@dataclass(frozen=True, slots=True)
class Part:
    """A resource of the record.

    `seed`: the fixed content; `mark`: the members of it by which the kind of the resource is recognised.
    `refers_by`: the search parameter through which it refers to the first part. `write_once`: it is written
    with the record, and afterwards only others change it. `initial`: members that others may change too.
    `identity`: a system and a field, for a part shared by several records, which is found by that identifier
    instead of the record's. `known_by`: such pairs that also find a resource which was never sent as a
    record.
    """

    type: str
    seed: Mapping[str, Any] = dataclass_field(default_factory=dict)
    mark: tuple[str, ...] = ()
    refers_by: str | None = None
    write_once: bool = False
    initial: tuple[str, ...] = ()
    identity: tuple[str, str] | None = None
    known_by: tuple[tuple[str, str], ...] = ()

    def matches(self, resource: Values) -> bool:
        """Whether a resource has the type and the marks of this part."""
        wanted = {name: self.seed[name] for name in self.mark}
        return resource.get("resourceType") == self.type and matches_pattern(resource, wanted)


@dataclass(frozen=True, slots=True)
class OwnedElements:
    """What a record owns of a resource: `members`, and the identifiers and extensions with the systems and
    URLs in `items`.
    """

    members: frozenset[str]
    items: frozenset[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A native record.

    `system` is the system of its own identifier, the field `key`, which every part has. `patterns` are the
    named patterns of list items for the paths; `record` always names that identifier. `rules` are further
    keywords of its JSON Schema. Resources without a value for every field in `recognised_by` do not belong to
    this record.
    """

    name: str
    title: str
    system: str
    parts: tuple[Part, ...]
    fields: tuple[Field, ...]
    derived: tuple[Derived, ...] = ()
    patterns: Patterns = dataclass_field(default_factory=dict)
    rules: Mapping[str, Any] = dataclass_field(default_factory=dict)
    recognised_by: tuple[str, ...] = ()
    key: str = "identifiant"
    _paths: dict[str, Path] = dataclass_field(init=False, repr=False)

    def __post_init__(self) -> None:
        patterns = {"record": {"system": self.system}, **self.patterns}
        places = [place for field in self.fields for place in field.places]
        places += [derived.place for derived in self.derived]
        object.__setattr__(self, "_paths", {place: path(place, patterns) for place in places})

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the record."""
        head: dict[str, Any] = {"$schema": DIALECT, "title": self.title}
        return head | _object(self.fields) | dict(self.rules)

    def to_fhir(self, record: Values) -> list[Resource]:
        """The resources of a valid record, the first part first."""
        made = {part.type: self._new_part(part, record) for part in self.parts}
        for field in self.fields:
            value = get_member(record, field.name)
            if value is not None:
                for place in field.places:
                    self._write(made, place, field.kind.write(value))
        for derived in self.derived:
            self._write(made, derived.place, derived.value(record))
        return list(made.values())

    def from_fhir(self, resources: Iterable[Resource]) -> dict[str, Any]:
        """The record stated by its resources; resources to which it refers may be included for their
        identifiers.

        Empty when none of them is of the record's kind.
        """
        found = list(resources)
        pool = {reference_to(resource): resource for resource in found if "id" in resource}
        held = {part.type: next(filter(part.matches, found), None) for part in self.parts}
        main = held[self.parts[0].type]
        if main is None:
            return {}
        values: dict[str, Any] = {}
        for field in self.fields:
            value = self._read(field, held, pool)
            if value is None and field.name == self.key:
                value = main.get("id")
            if value is not None:
                set_member(values, field.name, value)
        return values if all(get_member(values, name) is not None for name in self.recognised_by) else {}

    def owned(self, part: Part) -> OwnedElements:
        """What the record owns of a part."""
        paths = [path for path in self._paths.values() if path.type == part.type]
        members = {path.steps[0].member for path in paths} | set(part.seed)
        patterns = [path.steps[0].pattern or {} for path in paths]
        items = {pattern[name] for pattern in patterns for name in ("system", "url") if name in pattern}
        shared = {"identifier", "extension", "meta"}
        return OwnedElements(frozenset(members - shared - set(part.initial)), frozenset(items))

    def field_at(self, resource: Resource, below: str) -> str | None:
        """The name of the field at a location of a resource, such as `item[0].answer`.

        Otherwise, the first field directly below it, or the absent field that would be there.
        """
        beside: str | None = None
        for field in self.fields:
            for place in field.places:
                path = self._paths[place]
                located = path.located(resource) if path.type == resource["resourceType"] else None
                if located is None:
                    continue
                if below == located or below.startswith((f"{located}.", f"{located}[")):
                    return field.name
                if located.rpartition(".")[0] == below and beside is None:
                    beside = field.name
        whole = f"{resource['resourceType']}.{below}"
        return beside or next((field.name for field in self.fields if whole in field.places), None)

    def _new_part(self, part: Part, record: Values) -> Resource:
        """A part before its fields are written, with an id derived from the record's identifier."""
        system, name = part.identity or (self.system, self.key)
        id = name_based_uuid(reference_by_identifier(part.type, system, record[name]))
        return {"resourceType": part.type, "id": id, **deepcopy(dict(part.seed))}

    def _write(self, made: Mapping[str, Resource], place: str, fragment: Any) -> None:
        path = self._paths[place]
        if fragment is not None:
            path.write(made[path.type], fragment)

    def _read(self, field: Field, held: Mapping[str, Resource | None], pool: Pool) -> Any:
        for place in field.places:
            path = self._paths[place]
            resource = held.get(path.type)
            fragment = path.read(resource) if resource else None
            value = None if fragment is None else field.kind.read(fragment, pool)
            if value is not None:
                return value
        return None


def _object(fields: Iterable[Field], prefix: str = "") -> dict[str, Any]:
    """The JSON Schema of an object with these fields, with nested objects."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    for name, inner in _by_member(fields, prefix).items():
        own = next((field for field in inner if field.name == prefix + name), None)
        if own is None:
            properties[name] = _object(inner, f"{prefix}{name}.")
            continue
        properties[name] = {"description": own.description, **own.kind.schema}
        if own.required:
            required.append(name)
    shape = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**shape, "required": required} if required else {**shape, "minProperties": 1}


def _by_member(fields: Iterable[Field], prefix: str) -> dict[str, list[Field]]:
    """The fields of an object, grouped by the member that they are or that contains them."""
    grouped: dict[str, list[Field]] = {}
    for field in fields:
        grouped.setdefault(field.name.removeprefix(prefix).partition(".")[0], []).append(field)
    return grouped
