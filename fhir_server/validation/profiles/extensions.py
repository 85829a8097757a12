"""Extensions: known ones are checked by their definition, at a place where they may stand.

https://hl7.org/fhir/R4/extensibility.html
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.issues import Severity
from fhir_server.validation.findings import Finding, Findings, listed, moved, shortened
from fhir_server.validation.profiles import messages
from fhir_server.validation.profiles.nodes import ItemNode
from fhir_server.validation.profiles.visit import Visit, joined


@dataclass(frozen=True, slots=True, eq=False)
class Extension:
    """A compiled extension: where it may stand, whether it modifies, and the urls of its parts."""

    url: str
    node: ItemNode
    contexts: tuple[Mapping[str, Any], ...]
    is_modifier: bool
    parts: frozenset[str]


@dataclass(slots=True)
class Misplaced(Finding):
    """An extension at a place that is right only if the element's path is one of those that it may be on."""

    paths: frozenset[str] = frozenset()

    def is_at(self, place: str) -> bool:
        """Whether the extension at a FHIRPath location is on an element of these paths after all."""
        path = _INDEX_OR_TYPE.sub("", place).rpartition(".")[0]
        return path in self.paths or (
            path.count(".") > 0 and f"{path.rpartition('.')[0]}.value[x]" in self.paths
        )


_ERRATA = {"http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type": "ElementDefinition.type"}
"""Where an extension stands in R4's own definitions, though its definition says otherwise."""
_INDEX_OR_TYPE = re.compile(r"\[\d+\]|\.ofType\(\w+\)")
_is_absolute = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+").fullmatch

Lookup = Callable[[str], Extension | None]
Check = Callable[[Any, Visit], Findings]
Selects = Callable[[str, Any, Visit], bool]
"""Whether an expression selects an object from the resource that is checked."""


class ExtensionList:
    """Checks the `extension` or `modifierExtension` of an object.

    `places` are the names under which a context can mean the object: its type with those that it derives
    from, or its path.
    """

    __slots__ = ("_check_base", "_is_modifier", "_lookup", "_places", "_selects", "_step", "_tells_unknown")

    def __init__(
        self,
        lookup: Lookup,
        check_base: Check,
        selects: Selects,
        places: Iterable[str],
        is_modifier: bool,
        errors_only: bool,
    ) -> None:
        self._lookup = lookup
        self._check_base = check_base
        self._selects = selects
        self._places = frozenset(places)
        self._is_modifier = is_modifier
        self._tells_unknown = is_modifier or not errors_only
        self._step = ".modifierExtension" if is_modifier else ".extension"

    def check(self, value: Any, holder: dict[str, Any], visit: Visit) -> Findings:
        if type(value) is not list:
            return None
        found: list[Finding] | None = None
        for index, extension in enumerate(value):
            if type(extension) is dict:
                more = joined(
                    self._check_base(extension, visit), self._by_definition(extension, holder, visit)
                )
                if more is not None:
                    found = joined(found, moved(more, f"{self._step}[{index}]"))
        return found

    def _by_definition(self, extension: dict[str, Any], holder: dict[str, Any], visit: Visit) -> Findings:
        url = extension.get("url")
        if type(url) is not str:
            return None
        definition = self._lookup(url)
        if definition is not None:
            found = self._placement(definition, holder, visit)
            return joined(found, definition.node.check(extension, visit))
        if not _is_absolute(url):
            return self._part(url, holder)
        return [self._unknown(url)] if self._tells_unknown else None

    def _part(self, url: str, holder: dict[str, Any]) -> Findings:
        """A relative url, which names a part of the extension around."""
        outer = holder.get("url")
        definition = self._lookup(outer) if type(outer) is str else None
        if definition is not None and definition.parts and url not in definition.parts:
            text = messages.EXTENSION_INNER(
                url=shortened(url), outer=outer, parts=listed(sorted(definition.parts))
            )
            return [Finding("structure", text, ".url")]
        if "resourceType" not in holder and "url" in holder:
            return None
        return [Finding("value", messages.EXTENSION_URL(url=shortened(url)), ".url")]

    def _unknown(self, url: str) -> Finding:
        severity: Severity = "error" if self._is_modifier else "information"
        message = messages.MODIFIER_UNKNOWN if self._is_modifier else messages.EXTENSION_UNKNOWN
        return Finding("not-found", message(url=shortened(url)), severity=severity)

    def _placement(self, definition: Extension, holder: dict[str, Any], visit: Visit) -> list[Finding] | None:
        found: list[Finding] | None = None
        if definition.is_modifier is not self._is_modifier:
            message = messages.EXTENSION_NO_MODIFIER if self._is_modifier else messages.EXTENSION_IS_MODIFIER
            found = [Finding("structure", message(url=definition.url))]
        paths = self._other_paths(definition, holder, visit)
        if paths is not None:
            text = messages.EXTENSION_CONTEXT(url=definition.url, contexts=listed(sorted(paths)))
            found = joined(found, [Misplaced("structure", text, paths=paths)])
        return found

    def _other_paths(
        self, definition: Extension, holder: dict[str, Any], visit: Visit
    ) -> frozenset[str] | None:
        """The contexts of the extension, where the object is not plainly one of them."""
        paths = set()
        for context in definition.contexts:
            expression = _ERRATA.get(definition.url, context.get("expression", ""))
            match context.get("type"):
                case "element" if expression in self._places or expression in ("Element", "Any", "*"):
                    return None
                case "element":
                    paths.add(expression)
                case "extension" if expression == holder.get("url"):
                    return None
                case "extension":
                    paths.add(expression)
                case "fhirpath" if not self._selects(expression, holder, visit):
                    paths.add(expression)
                case _:
                    return None
        return frozenset(paths) if paths else None
