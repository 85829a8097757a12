"""A Questionnaire parsed to a tree of items that are found by link id.

https://hl7.org/fhir/R4/questionnaire.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fhir_server.definitions.elements import type_suffix

Definition = Mapping[str, Any]

VALUE_TYPES: Mapping[str, tuple[str, ...]] = {
    "boolean": ("Boolean",),
    "decimal": ("Decimal",),
    "integer": ("Integer",),
    "date": ("Date",),
    "dateTime": ("DateTime",),
    "time": ("Time",),
    "string": ("String",),
    "text": ("String",),
    "url": ("Uri",),
    "attachment": ("Attachment",),
    "reference": ("Reference",),
    "quantity": ("Quantity",),
    "choice": ("Coding", "Date", "Time", "Integer", "String", "Reference"),
    "open-choice": ("Coding", "Date", "Time", "Integer", "String", "Reference"),
}
"""The types of value[x] for each type of question; groups and displays have none."""

_UNOFFERED: Mapping[str, tuple[str, ...]] = {"choice": ("Coding",), "open-choice": ("Coding", "String")}
"""The types of value[x] that a choice allows whatever its options are."""


ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"


class TypedValue(NamedTuple):
    """A value with its type as the suffix of value[x], such as `Coding` or `String`."""

    type: str
    value: Any


class Option(NamedTuple):
    """One answer option: its type, value, and ordinal or None."""

    definition: Definition
    type: str
    value: Any
    ordinal: Any


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One item: its definition, the parsed parts of it, and its place in the tree. Its extension values are
    by url.
    """

    definition: Definition
    parent: "Item | None"
    index: int
    link_id: str
    type: str
    required: bool
    repeats: bool
    options: tuple[Option, ...]
    values: Mapping[str, tuple[Any, ...]] = field(repr=False)

    def extension(self, url: str) -> Any:
        """The value of the first extension with this url, of any type; None if there is none."""
        found = self.values.get(url)
        return found[0] if found else None

    def extensions(self, url: str) -> tuple[Any, ...]:
        """The values of all extensions with this url."""
        return self.values.get(url, ())

    @property
    def value_types(self) -> tuple[str, ...]:
        """The allowed types of value[x] for answers; a choice also allows those of its options."""
        if self.type not in _UNOFFERED:
            return VALUE_TYPES[self.type]
        return tuple(dict.fromkeys((*_UNOFFERED[self.type], *(option.type for option in self.options))))

    def ancestors(self) -> Iterator["Item"]:
        """The item itself and all items around it, innermost first."""
        item: Item | None = self
        while item is not None:
            yield item
            item = item.parent


@dataclass(frozen=True, slots=True)
class Form:
    """The items of a Questionnaire in document order; of two with the same link id the first counts."""

    questionnaire: Definition
    items: tuple[Item, ...]
    by_link_id: Mapping[str, Item] = field(repr=False)
    below: Mapping[Item | None, tuple[Item, ...]] = field(repr=False)
    """The items directly inside each item; under None, the outermost items."""

    def order(self, item: Item) -> tuple[int, ...]:
        """A sort key that orders items as in the document."""
        return tuple(ancestor.index for ancestor in item.ancestors())[::-1]


def read_form(questionnaire: Definition) -> Form:
    """The form that a Questionnaire describes."""
    below: dict[Item | None, tuple[Item, ...]] = {}
    items = tuple(_read(questionnaire, None, below))
    by_link_id = {item.link_id: item for item in reversed(items)}
    return Form(questionnaire, items, by_link_id, below)


def value_of(holder: Definition, element: str) -> TypedValue | None:
    """The value of a choice element such as value[x]; None if it is absent."""
    for name, value in holder.items():
        if suffix := type_suffix(name, element):
            return TypedValue(suffix, value)
    return None


def extension_values(holder: Definition, url: str) -> Iterator[Any]:
    """The values of the extensions of an element that have this url."""
    for extension in holder.get("extension", ()):
        if extension.get("url") == url and (found := value_of(extension, "value")):
            yield found.value


def _read(
    holder: Definition, parent: Item | None, below: dict[Item | None, tuple[Item, ...]]
) -> Iterator[Item]:
    children = tuple(_item(inner, parent, index) for index, inner in enumerate(holder.get("item", ())))
    below[parent] = children
    for item in children:
        yield item
        yield from _read(item.definition, item, below)


def _options(definition: Definition) -> Iterator[Option]:
    for option in definition.get("answerOption", ()):
        offered = value_of(option, "value")
        if offered is None:
            continue
        type, value = offered
        holders = (option, value) if isinstance(value, dict) else (option,)
        ordinals = (ordinal for holder in holders for ordinal in extension_values(holder, ORDINAL))
        yield Option(option, type, value, next(ordinals, None))


def _item(definition: Definition, parent: Item | None, index: int) -> Item:
    urls = dict.fromkeys(extension.get("url") for extension in definition.get("extension", ()))
    return Item(
        definition,
        parent,
        index,
        link_id=str(definition.get("linkId")),
        type=str(definition.get("type")),
        required=definition.get("required") is True,
        repeats=definition.get("repeats") is True,
        options=tuple(_options(definition)),
        values={url: tuple(extension_values(definition, url)) for url in urls if isinstance(url, str)},
    )
