"""A native record as a table: each field with its kind and its place in FHIR.

The JSON Schema, both conversions and the documentation are made from the table, so that what a record says
survives the way to FHIR and back by construction. https://json-schema.org/draft/2020-12
"""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from fhir_server.conversion.field_kinds import Kind, Pool
from fhir_server.conversion.members import member, put
from fhir_server.conversion.paths import Path, Patterns, matches_pattern, path
from fhir_server.conversion.references import identified, reference_to
from fhir_server.core.name_based_uuid import name_based_uuid

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Resource = dict[str, Any]
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A field: `name` is dotted inside an object, `places` are FHIR paths, the first of which is read.

    `required` inside an object means that the object cannot do without it.
    """

    name: str
    kind: Kind
    places: tuple[str, ...]
    description: str
    required: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Derived:
    """What the resource says in addition: made of the record by `value`, or nothing when that is None."""

    place: str
    value: Callable[[Values], Any]
    description: str


@dataclass(frozen=True, slots=True)
class Part:
    """A resource of the record: `seed` is what it always says, `mark` the members of it that tell its kind.

    `by` is the search parameter through which it refers to the first part. `once`: written with the record,
    and changed by others from then on. `initial` are members that others change too. `identity` is a system
    and a field, for a part that is found by another identifier than the record's own, because several records
    share it; `known_by` are others, by which one that nobody has sent as a record before is known.
    """

    type: str
    seed: Mapping[str, Any] = dataclass_field(default_factory=dict)
    mark: tuple[str, ...] = ()
    by: str | None = None
    once: bool = False
    initial: tuple[str, ...] = ()
    identity: tuple[str, str] | None = None
    known_by: tuple[tuple[str, str], ...] = ()

    def holds(self, resource: Values) -> bool:
        """Whether a resource is of the kind of this part."""
        wanted = {name: self.seed[name] for name in self.mark}
        return resource.get("resourceType") == self.type and matches_pattern(resource, wanted)


@dataclass(frozen=True, slots=True)
class Own:
    """What of a resource a record decides on: its `members`, and of its identifiers and extensions the
    `items` with these systems and urls."""

    members: frozenset[str]
    items: frozenset[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A native record. `system` is that of its own identifier, its field `key`, which every part bears;
    `patterns` name list items for the paths, as `record` names that identifier in any case; `rules` are
    further keywords of its JSON Schema. Resources that do not say every field in `recognised_by` are none of
    this record's.
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
        """The resources that say what a valid record says, the first part first."""
        made = {part.type: self._new_part(part, record) for part in self.parts}
        for field in self.fields:
            value = member(record, field.name)
            if value is not None:
                for place in field.places:
                    self._write(made, place, field.kind.write(value))
        for derived in self.derived:
            self._write(made, derived.place, derived.value(record))
        return list(made.values())

    def from_fhir(self, resources: Iterable[Resource]) -> dict[str, Any]:
        """The record that some resources say; those it refers to give their identifiers.

        Empty when none of them is of the record's kind.
        """
        found = list(resources)
        pool = {reference_to(resource): resource for resource in found if "id" in resource}
        held = {part.type: next(filter(part.holds, found), None) for part in self.parts}
        main = held[self.parts[0].type]
        if main is None:
            return {}
        values: dict[str, Any] = {}
        for field in self.fields:
            value = self._read(field, held, pool)
            if value is None and field.name == self.key:
                value = main.get("id")
            if value is not None:
                put(values, field.name, value)
        return values if all(member(values, name) is not None for name in self.recognised_by) else {}

    def own(self, part: Part) -> Own:
        """What of a part the record decides on."""
        paths = [path for path in self._paths.values() if path.type == part.type]
        members = {path.steps[0].member for path in paths} | set(part.seed)
        patterns = [path.steps[0].pattern or {} for path in paths]
        items = {pattern[name] for pattern in patterns for name in ("system", "url") if name in pattern}
        shared = {"identifier", "extension", "meta"}
        return Own(frozenset(members - shared - set(part.initial)), frozenset(items))

    def field_at(self, resource: Resource, below: str) -> str | None:
        """The name of the field that stands at a place of a resource, such as `item[0].answer`; of several
        right below it the first; or of the one that would stand there, and does not."""
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
        """A part as it is before the fields are written, under an id of its own: the same at each call."""
        system, name = part.identity or (self.system, self.key)
        id = name_based_uuid(identified(part.type, system, record[name]))
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
    """The schema of an object with these fields, those inside it described in their place."""
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
    """The fields of an object by the member that each is, or is inside."""
    grouped: dict[str, list[Field]] = {}
    for field in fields:
        grouped.setdefault(field.name.removeprefix(prefix).partition(".")[0], []).append(field)
    return grouped
