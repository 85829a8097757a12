"""FHIRPath over parsed resources, and the only importer of the library that evaluates it.

The library is imported at the first use, because it costs a tenth of a second and 14 MB. Functions that it
lacks or gets wrong for R4 are replaced here. https://hl7.org/fhir/R4/fhirpath.html
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from importlib import import_module
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec

from fhir_server.core import json, ucum
from fhir_server.core.code_systems import LOINC, SNOMED_CT
from fhir_server.core.fhirpath_limits import (
    STEPS_MAX,
    Evaluation,
    LimitExceeded,
    limit_criteria,
    limit_join,
    limit_pattern,
    limit_pattern_replacement,
    limit_replacement,
)
from fhir_server.core.internal_references import BundleIndex, find_contained
from fhir_server.core.reference import parse_reference
from fhir_server.core.safe_regex import PatternError
from fhir_server.core.time_limit import TimeLimitExceeded

Tree = dict[str, Any]
Resolver = Callable[[str], Mapping[str, Any] | None]

CONSTANTS = {
    "ucum": ucum.SYSTEM,
    "sct": SNOMED_CT,
    "loinc": LOINC,
}

EXPRESSIONS_MAX = 4096
"""Compiled expressions in the cache."""

_ABSTRACT_ROOT = re.compile(r"(?<![\w.'`%])(?:Domain)?Resource(?=\.)")
_ON_VALUES = (
    *("=", "!=", "~", "!~", "<", ">", "<=", ">=", "inOp", "containsOp"),
    *("startsWith", "endsWith", "contains", "matches", "replace", "replaceMatches", "substring", "indexOf"),
    *("upper", "lower", "length", "toString", "toInteger", "not", "count", "last", "single"),
)
_WITH_PATTERN = ("matches", "replaceMatches")
_MODEL_FILES = ("choiceTypePaths", "path2Type", "pathsDefinedElsewhere", "type2Parent")


class FhirPathError(ValueError):
    """An expression that cannot be parsed, or that fails on the data."""


class FhirPathTooCostly(FhirPathError):
    """An expression that exceeds a limit on the data."""


class Node(NamedTuple):
    """One item of a result: its value and its FHIR type, None if only the value is known."""

    value: Any
    type: str | None


class FhirPath:
    """Evaluates expressions, with a cache of compiled ones."""

    def __init__(self) -> None:
        self._compiled = lru_cache(maxsize=EXPRESSIONS_MAX)(_compile)

    def evaluate(
        self,
        expression: str,
        focus: Any,
        *,
        type: str | None = None,
        resource: Any = None,
        environment: Mapping[str, Any] | None = None,
        resolver: Resolver | None = None,
    ) -> list[Any]:
        """The values that `expression` selects from `focus`, decimals as `Decimal`.

        `resource` is %resource if the focus is an element of it, of a `type` such as `Period` or
        `Claim.item`; `environment` holds other variables by name. Without `resolver`, resolve() returns a
        resource with nothing but its type and id. Raises `FhirPathError`; `FhirPathTooCostly` for an
        expression that exceeds a limit.
        """
        found = self._found_by_library(expression, focus, type, resource, environment, resolver)
        return [node.value for node in found]

    def nodes(self, expression: str, focus: Any) -> list[Node]:
        """Like `evaluate`, with the FHIR type of each value."""
        return self._found_by_library(expression, focus)

    def check(self, expression: str) -> None:
        """Raise `FhirPathError` for an expression that cannot be parsed."""
        self._compiled(expression)

    def prepare(self, expression: str) -> None:
        """Like `check`; afterwards only the evaluation is left to do."""
        assert self._library
        self._compiled(expression)

    def patterns(self, expression: str) -> Iterator[str]:
        """The regular expressions written in an expression; it may build others from the data."""
        for name, argument in _calls(self._compiled(expression)):
            if name in _WITH_PATTERN and argument["type"] == "TermExpression" and argument["text"][0] == "'":
                yield from self.evaluate(argument["text"], {})

    def _found_by_library(
        self,
        expression: str,
        focus: Any,
        type: str | None = None,
        resource: Any = None,
        environment: Mapping[str, Any] | None = None,
        resolver: Resolver | None = None,
    ) -> list[Node]:
        tree = self._compiled(expression)
        data = exact_numbers(focus)
        start = self._library.typed(data, type)
        root = data if resource is None else exact_numbers(resource)
        variables = {**CONSTANTS, "context": start, "resource": root, "rootResource": root}
        variables |= {name: exact_numbers(value) for name, value in (environment or {}).items()}
        evaluation = self._library.evaluation(start, variables, resolver, root)
        try:
            found = self._library.run(evaluation, tree)
        except (LimitExceeded, TimeLimitExceeded, PatternError) as error:
            raise FhirPathTooCostly(f"{expression}: {error}") from error
        except Exception as error:  # the library raises whatever it stumbles over
            raise FhirPathError(f"{expression}: {error}") from error
        return [node for item in found if (node := self._library.node(item)) is not None]

    @cached_property
    def _library(self) -> "_Library":
        return _Library()


def exact_numbers(value: Any) -> Any:
    """The same data with each decimal as `Decimal`; parts without decimals are not copied."""
    kind = type(value)
    if kind is msgspec.Raw:
        return json.decimal(value)
    if kind is dict:
        members = {name: exact_numbers(member) for name, member in value.items()}
        return members if any(members[name] is not value[name] for name in members) else value
    if kind is list:
        items = [exact_numbers(item) for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value


def _compile(expression: str) -> Tree:
    """The syntax tree of an expression. The abstract types cannot be found by name in the data, so a path
    from Resource starts at %resource.
    """
    antlr, generated = import_module("antlr4"), "fhirpathpy.parser.generated.FHIRPath"
    lexer = import_module(generated + "Lexer").FHIRPathLexer
    parser = import_module(generated + "Parser").FHIRPathParser
    text = antlr.InputStream(_ABSTRACT_ROOT.sub("%resource", expression))
    tokens = antlr.CommonTokenStream(_refusing(lexer(text), expression))
    listener = import_module("fhirpathpy.parser.ASTPathListener").ASTPathListener()
    walker = import_module("antlr4.tree.Tree").ParseTreeWalker()
    try:
        walker.walk(listener, _refusing(parser(tokens), expression).entireExpression())
    except RecursionError as error:
        raise FhirPathError(f"{expression[:60]}...: it is nested too deeply") from error
    tree: Tree = listener.parentStack[0]["children"][0]
    return tree


def _calls(tree: Tree) -> Iterator[tuple[str, Tree]]:
    """The name and the first argument of each function in a tree that has arguments."""
    left = [tree]
    while left:
        node = left.pop()
        children = node.get("children", [])
        if node["type"] == "Functn" and len(children) > 1:
            yield children[0]["text"], children[1]["children"][0]
        left += children


def _refusing(recognizer: Any, expression: str) -> Any:
    """Let the lexer or parser raise errors instead of recovering from them."""
    recognizer.removeErrorListeners()
    recognizer.addErrorListener(_Refusal(expression))
    return recognizer


class _Refusal:
    """An error listener for antlr that raises syntax errors and ignores its reports of ambiguity."""

    def __init__(self, expression: str) -> None:
        self._expression = expression

    def syntaxError(self, _r: Any, _s: Any, _line: int, column: int, message: str, _e: Any) -> None:
        raise FhirPathError(f"{self._expression}: {message} at column {column + 1}")

    def _ignore(self, *_: Any) -> None: ...

    reportAmbiguity = reportAttemptingFullContext = reportContextSensitivity = _ignore


class _Library:
    """The loaded library, with R4's model and our own functions."""

    def __init__(self) -> None:
        self._engine = import_module("fhirpathpy.engine")
        self._nodes: Any = import_module("fhirpathpy.engine.nodes")
        self._constants = import_module("fhirpathpy.engine.invocations.constants").constants
        self._base_functions = import_module("fhirpathpy.engine.invocations").invocation_registry
        folder = files("fhirpathpy.models") / "r4"
        self._model = {
            name: msgspec.json.decode((folder / f"{name}.json").read_bytes()) for name in _MODEL_FILES
        }
        self._nodes.TypeInfo.model = self._model
        functions = {**limit_criteria(self._base_functions), **self._own_functions()}
        known = {**self._base_functions, **functions}
        on_values = {name: self._on_values(known[name]) for name in _ON_VALUES}
        self._functions = {**functions, **on_values}

    def evaluation(
        self, focus: Any, variables: dict[str, Any], resolver: Resolver | None, root: Any
    ) -> Evaluation:
        """The state that the library passes through one evaluation."""
        return {
            "steps": STEPS_MAX,
            "dataRoot": [focus],
            "vars": {name: self._typed_resource(value) for name, value in variables.items()},
            "model": self._model,
            "userInvocationTable": self._functions,
            "resolver": resolver or type_only_resolver(root),
        }

    def typed(self, item: Any, type: str | None) -> Any:
        """An element as the library's node of a type or path; a resource names its own type."""
        is_resource = isinstance(item, Mapping) and "resourceType" in item
        return item if type is None or is_resource else self._nodes.ResourceNode.create_node(item, type)

    def run(self, evaluation: Evaluation, tree: Tree) -> Sequence[Any]:
        self._constants.reset()
        found = self._engine.do_eval(evaluation, evaluation["dataRoot"], tree["children"][0])
        return found if isinstance(found, list) else [found]

    def node(self, item: Any) -> Node | None:
        """An item of the library as our `Node`; None for one that only holds a primitive's extensions."""
        nodes = self._nodes
        if isinstance(item, nodes.FP_Quantity):
            return Node({"value": item.value, "unit": item.unit.strip("'")}, "Quantity")
        if isinstance(item, nodes.FP_Type):
            return Node(item.asStr, None)
        type = self._type_name(item)
        if not isinstance(item, nodes.ResourceNode):
            return Node(item, type)
        if item.data is None or (isinstance(item.data, Mapping) and type and type[0].islower()):
            return None
        return Node(item.data, type)

    def _typed_resource(self, value: Any) -> Any:
        """A resource as the library's node, which knows its type."""
        if isinstance(value, Mapping) and "resourceType" in value:
            return self._nodes.ResourceNode.create_node(value, value["resourceType"])
        return value

    def _type_name(self, item: Any) -> str | None:
        info = self._nodes.TypeInfo.from_value(item)
        if info is None:
            return None
        name = str(info.name)
        return name[0].lower() + name[1:] if info.namespace == "System" else name

    def _own_functions(self) -> dict[str, Any]:
        type_specifier = {1: ["TypeSpecifier"]}
        return {
            "resolve": {"fn": self._resolve},
            "hasValue": {"fn": self._has_value},
            "extension": {"fn": self._extension, "arity": {1: ["String"]}},
            "hasExtension": {"fn": self._has_extension, "arity": {1: ["String"]}},
            "as": {"fn": self._of_type, "arity": type_specifier},
            "asOp": {"fn": self._of_type, "arity": {2: ["Any", "TypeSpecifier"]}},
            "ofType": {"fn": self._of_type, "arity": type_specifier},
            "is": {"fn": self._is_type, "arity": type_specifier},
            "isOp": {"fn": self._is_type, "arity": {2: ["Any", "TypeSpecifier"]}},
            "type": {"fn": self._type_of},
            "distinct": {"fn": self._distinct},
            "sum": {"fn": self._sum},
            "union": {"fn": self._union, "arity": {1: ["AnyAtRoot"]}},
            "|": {"fn": self._union, "arity": {2: ["Any", "Any"]}},
            "trace": {"fn": _trace, "arity": {1: ["String"], 2: ["String", "Expr"]}},
            "matches": self._wrapped("matches", limit_pattern),
            "replaceMatches": self._wrapped("replaceMatches", limit_pattern_replacement),
            "replace": self._wrapped("replace", limit_replacement),
            "join": self._wrapped("join", limit_join),
        }

    def _on_values(self, entry: dict[str, Any]) -> dict[str, Any]:
        """A function whose arguments have no extensions of primitives, which the library adds to the
        values.
        """
        function = entry["fn"]

        def call(evaluation: Evaluation, *arguments: Any) -> Any:
            return function(evaluation, *map(self._values, arguments))

        return {**entry, "fn": call}

    def _values(self, argument: Any) -> Any:
        if not isinstance(argument, list):
            return argument
        return [item for item in argument if self.node(item) is not None]

    def _wrapped(self, name: str, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> dict[str, Any]:
        """The library's function, wrapped."""
        entry = self._base_functions[name]
        return {**entry, "fn": wrap(entry["fn"])}

    def _data(self, item: Any) -> Any:
        return item.data if isinstance(item, self._nodes.ResourceNode) else item

    def _resolve(self, evaluation: Evaluation, items: Iterable[Any]) -> list[Any]:
        found = []
        for item in items:
            data = self._data(item)
            target = data.get("reference", data) if isinstance(data, Mapping) else data
            resource = evaluation["resolver"](target)
            if resource is not None:
                found.append(self._typed_resource(resource))
        return found

    def _has_value(self, _evaluation: Evaluation, items: Iterable[Any]) -> bool:
        values = [item for item in map(self._data, items) if item is not None]
        return len([value for value in values if not isinstance(value, Mapping)]) == 1

    def _extension(self, _evaluation: Evaluation, items: Iterable[Any], url: str) -> list[Any]:
        extensions = [
            extension
            for item in map(self._data, items)
            if isinstance(item, Mapping)
            for extension in item.get("extension", ())
            if extension.get("url") == url
        ]
        return [self._nodes.ResourceNode.create_node(extension, "Extension") for extension in extensions]

    def _has_extension(self, evaluation: Evaluation, items: Iterable[Any], url: str) -> bool:
        """Not part of FHIRPath, but R4's own search parameters use it."""
        return bool(self._extension(evaluation, items, url))

    def _distinct(self, evaluation: Evaluation, items: Sequence[Any]) -> list[Any]:
        """Keeps the types of the items, which the library's own function loses."""
        if all(isinstance(item, self._nodes.ResourceNode) for item in items):
            return list({(item.path, repr(item.data)): item for item in items}.values())
        distinct = self._base_functions["distinct"]["fn"]
        return list(distinct(evaluation, items))

    def _sum(self, evaluation: Evaluation, items: Sequence[Any]) -> Any:
        """Also adds values found inside elements, which the library's own function does not."""
        return self._base_functions["sum"]["fn"](evaluation, [self._data(item) for item in items])

    def _union(self, evaluation: Evaluation, some: list[Any], others: list[Any]) -> list[Any]:
        return self._distinct(evaluation, some + others)

    def _of_type(self, _evaluation: Evaluation, items: Iterable[Any], wanted: Any) -> list[Any]:
        """The items of a type; `as` too works on a whole collection, as R4's search parameters need."""
        return [item for item in items if self._is(item, wanted)]

    def _is(self, item: Any, wanted: Any) -> bool:
        """R4 also writes `DateTime` for dateTime."""
        info = self._nodes.TypeInfo.from_value(self._typed_resource(item))
        if info is None:
            return False
        return bool(info.is_(wanted) or (wanted.namespace is None and info.is_(self._lowered(wanted))))

    def _lowered(self, wanted: Any) -> Any:
        return self._nodes.TypeInfo(name=wanted.name[0].lower() + wanted.name[1:], namespace=None)

    def _type_of(self, evaluation: Evaluation, items: Iterable[Any]) -> Any:
        return self._base_functions["type"]["fn"](evaluation, list(map(self._typed_resource, items)))

    def _is_type(self, _evaluation: Evaluation, items: Sequence[Any], wanted: Any) -> bool | list[Any]:
        if len(items) > 1:
            raise FhirPathError("'is' needs a single item on its left")
        return self._is(items[0], wanted) if items else []


def _trace(_evaluation: Evaluation, items: list[Any], *_: Any) -> list[Any]:
    """Prints nothing, unlike the library's own function."""
    return items


def type_only_resolver(root: Any) -> Resolver:
    """Resolves references to contained resources and entries of a Bundle; for any other, returns a resource
    with the type and id that the reference names.
    """
    container = root if isinstance(root, dict) else {}
    entries = BundleIndex(container if container.get("resourceType") == "Bundle" else {})

    def resolve(text: str) -> Mapping[str, Any] | None:
        if not isinstance(text, str):
            return None
        reference = parse_reference(text)
        if reference.kind == "contained":
            return find_contained(container, reference.id)
        known = {"resourceType": reference.type, "id": reference.id} if reference.type else None
        return entries.find(text) or known

    return resolve
