"""Extensions: validated by their definition, and by the contexts in which they are allowed.

https://hl7.org/fhir/R4/extensibility.html
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from fhir_server.core.reference import is_absolute
from fhir_server.definitions.elements import STRUCTURES
from fhir_server.issues import Severity
from fhir_server.validation.findings import Finding, Findings, excerpt, prefixed, quoted_list, shortened
from fhir_server.validation.invariants.compiler import Focus
from fhir_server.validation.profiles import messages
from fhir_server.validation.profiles.context import ValidationContext, joined
from fhir_server.validation.profiles.enclosing_extensions import is_innermost
from fhir_server.validation.profiles.nodes import ItemNode
from fhir_server.validation.profiles.value_checks import ValueCheck


@dataclass(frozen=True, slots=True, eq=False)
class Extension:
    """A compiled extension: its contexts, context invariants, whether it is a modifier, and the urls of its
    parts.
    """

    url: str
    node: ItemNode
    contexts: tuple[Mapping[str, Any], ...]
    invariants: tuple[str, ...]
    is_modifier: bool
    parts: frozenset[str]


@dataclass(slots=True)
class MisplacedExtension(Finding):
    """An extension that is only allowed if the path of its element turns out to be one of `paths`.

    The path is known only once the finding has been moved up to the root.
    """

    paths: frozenset[str] = frozenset()

    def is_at(self, place: str) -> bool:
        """Whether the FHIRPath location of the extension is on an element of these paths."""
        path = _INDEX_OR_TYPE.sub("", place).rpartition(".")[0]
        return (
            path in self.paths
            or (path.count(".") > 0 and f"{path.rpartition('.')[0]}.value[x]" in self.paths)
            or _unrepeated(path) in map(_unrepeated, self.paths)
        )


def without_allowed_misplacements(found: list[Finding], roots: Iterable[str]) -> Findings:
    """The findings in one resource without those for extensions that turn out to be allowed.

    `roots` are the resource's type and its base types: paths of contexts may begin with any of them.
    """
    places = tuple(roots)
    left = [
        finding
        for finding in found
        if type(finding) is not MisplacedExtension
        or not any(finding.is_at(root + finding.where) for root in places)
    ]
    return left or None


_ADDITIONAL_CONTEXTS = {
    "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type": "ElementDefinition.type",
}
"""Contexts that R4's own definitions use although the definition of the extension does not list them."""
_unrepeated = partial(re.compile(r"(\.\w+)\1+(?![\w[])").sub, r"\1")
"""A path without repeated names of nested elements: Questionnaire.item.item becomes Questionnaire.item."""
_INDEX_OR_TYPE = re.compile(r"\[\d+\]|\.ofType\(\w+\)")


class Extensions(Protocol):
    """Finds extensions, and evaluates the expressions of their contexts."""

    def extension(self, url: str, /) -> Extension | None: ...

    def selects(self, expression: str, holder: Any, context: ValidationContext, /) -> bool:
        """Whether an expression selects an object of the resource being validated."""
        ...

    def permits(
        self,
        expression: str,
        focus: Focus,
        holder: Any,
        extension: dict[str, Any],
        context: ValidationContext,
        /,
    ) -> bool:
        """Whether an expression holds for the object that an extension is on."""
        ...


class ExtensionList:
    """Checks the `extension` or `modifierExtension` of an object.

    `places` are the names by which a context can refer to the object: its type and base types, or its path.
    `focus` is the static type of the object, None for the companion of a primitive.
    """

    __slots__ = ("_check_base", "_focus", "_is_modifier", "_known", "_places", "_step", "_tells_unknown")

    def __init__(
        self,
        known: Extensions,
        check_base: ValueCheck,
        places: Iterable[str],
        focus: Focus | None,
        is_modifier: bool,
        errors_only: bool,
    ) -> None:
        self._known = known
        self._check_base = check_base
        self._places = frozenset(places)
        self._focus = None if errors_only else focus
        self._is_modifier = is_modifier
        self._tells_unknown = is_modifier or not errors_only
        self._step = ".modifierExtension" if is_modifier else ".extension"

    def check(self, value: Any, holder: dict[str, Any], context: ValidationContext) -> Findings:
        if type(value) is not list:
            return None
        found: list[Finding] | None = None
        for index, extension in enumerate(value):
            if type(extension) is dict:
                more = joined(
                    self._check_base(extension, context), self._by_definition(extension, holder, context)
                )
                if more is not None:
                    found = joined(found, prefixed(more, f"{self._step}[{index}]"))
        return found

    def _by_definition(
        self, extension: dict[str, Any], holder: dict[str, Any], context: ValidationContext
    ) -> Findings:
        url = extension.get("url")
        if type(url) is not str:
            return None
        definition = self._known.extension(url)
        if definition is not None:
            found = self._placement(definition, holder, context)
            if definition.invariants and self._focus is not None:
                found = joined(found, self._invariants(definition, self._focus, extension, holder, context))
            return joined(found, definition.node.check(extension, context))
        if not is_absolute(url):
            return self._part(url, holder)
        return [self._unknown(url)] if self._tells_unknown else None

    def _part(self, url: str, holder: dict[str, Any]) -> Findings:
        """Check a relative url, which names a part of the enclosing extension."""
        outer = holder.get("url")
        definition = self._known.extension(outer) if type(outer) is str else None
        if definition is not None and definition.parts and url not in definition.parts:
            text = messages.EXTENSION_INNER(
                url=shortened(url), outer=outer, parts=quoted_list(sorted(definition.parts))
            )
            return [Finding("structure", text, ".url")]
        if "resourceType" not in holder and "url" in holder:
            return None
        return [Finding("value", messages.EXTENSION_URL(url=shortened(url)), ".url")]

    def _unknown(self, url: str) -> Finding:
        unversioned, bar, _ = url.partition("|")
        if bar and not self._is_modifier and self._known.extension(unversioned) is not None:
            text = messages.EXTENSION_VERSIONED(url=unversioned)
            return Finding("value", text, ".url", "extension-url", "warning")
        severity: Severity = "error" if self._is_modifier else "information"
        message = messages.MODIFIER_UNKNOWN if self._is_modifier else messages.EXTENSION_UNKNOWN
        return Finding("not-found", message(url=shortened(url)), severity=severity)

    def _placement(
        self, definition: Extension, holder: dict[str, Any], context: ValidationContext
    ) -> list[Finding] | None:
        found: list[Finding] | None = None
        if definition.is_modifier is not self._is_modifier:
            message = messages.EXTENSION_NO_MODIFIER if self._is_modifier else messages.EXTENSION_IS_MODIFIER
            found = [Finding("structure", message(url=definition.url))]
        paths = self._unmet_contexts(definition, holder, context)
        if paths is not None:
            text = messages.EXTENSION_CONTEXT(url=definition.url, contexts=quoted_list(sorted(paths)))
            found = joined(found, [MisplacedExtension("structure", text, paths=paths)])
        return found

    def _invariants(
        self,
        definition: Extension,
        focus: Focus,
        extension: dict[str, Any],
        holder: dict[str, Any],
        context: ValidationContext,
    ) -> list[Finding] | None:
        """Findings for context invariants of the extension that the object does not satisfy."""
        broken = [
            expression
            for expression in definition.invariants
            if not self._known.permits(expression, focus, holder, extension, context)
        ]
        return [_broken(definition, expression) for expression in broken] or None

    def _unmet_contexts(
        self, definition: Extension, holder: dict[str, Any], context: ValidationContext
    ) -> frozenset[str] | None:
        """The contexts of the extension; None if the object is known to be one of them."""
        paths = set()
        if _ADDITIONAL_CONTEXTS.get(definition.url) in self._places:
            return None
        for permitted in definition.contexts:
            expression = permitted.get("expression", "")
            match permitted.get("type"):
                case "element":
                    element = _element_id(expression)
                    if element is None or element in self._places or element in ("Element", "Any", "*"):
                        return None
                    paths.add(element)
                case "extension" if is_innermost(expression, context.enclosing_extensions(holder)):
                    return None
                case "extension":
                    paths.add(expression)
                case "fhirpath" if not self._known.selects(expression, holder, context):
                    paths.add(expression)
                case _:
                    return None
        return frozenset(paths) if paths else None


def _element_id(expression: str) -> str | None:
    """The id of the element that a context refers to, without the canonical of an R4 type before it.

    None for an element of a profile: a resource need not claim the profile to satisfy it.

    https://hl7.org/fhir/R4/codesystem-extension-context-type.html
    """
    url, hash_sign, id = expression.partition("#")
    if not hash_sign:
        return expression
    return id if url == STRUCTURES + id.partition(".")[0] else None


def _broken(definition: Extension, expression: str) -> Finding:
    text = messages.EXTENSION_INVARIANT(url=definition.url, expression=excerpt(expression))
    return Finding("structure", text, "", "extension-context", "warning")
