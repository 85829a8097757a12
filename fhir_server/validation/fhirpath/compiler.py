"""Compiles a syntax tree to closures, given the static type of the focus.

What cannot be compiled raises `Unsupported`; the fhirpath library evaluates it instead.
https://hl7.org/fhir/R4/fhirpath.html
"""

from collections.abc import Callable
from typing import Any

from fhir_server.core.fhirpath import CONSTANTS, FhirPathError
from fhir_server.validation.fhirpath.arithmetic import text_of, unary_minus
from fhir_server.validation.fhirpath.bounded_strings import join_bounded
from fhir_server.validation.fhirpath.comparison import ExtendedPrimitive, bare_value
from fhir_server.validation.fhirpath.compiled import (
    EMPTY,
    Compiled,
    Items,
    Scope,
    Unsupported,
    compiled_constant,
    compiled_selection,
    singleton,
)
from fhir_server.validation.fhirpath.iteration_functions import ITERATION_FUNCTIONS, aggregate
from fhir_server.validation.fhirpath.math_functions import MATH_FUNCTIONS, math_function
from fhir_server.validation.fhirpath.navigation import named_step
from fhir_server.validation.fhirpath.no_argument_functions import NO_ARGUMENT_FUNCTIONS, exists, objects_of
from fhir_server.validation.fhirpath.one_argument_functions import ONE_ARGUMENT_FUNCTIONS
from fhir_server.validation.fhirpath.operators import OPERATORS, indexer
from fhir_server.validation.fhirpath.parser import (
    Binary,
    Call,
    EmptyCollection,
    Item,
    Literal,
    Member,
    Path,
    Special,
    Tree,
    TypeTest,
    UnaryMinus,
    Variable,
    type_name,
)
from fhir_server.validation.fhirpath.static_types import (
    INTEGER,
    STRING,
    UNKNOWN,
    StaticType,
    Types,
    type_named,
)
from fhir_server.validation.fhirpath.string_functions import STRING_FUNCTIONS, string_function
from fhir_server.validation.fhirpath.type_operators import compiled_step, is_type, of_type

_URLS = {"vs-": "ValueSet/", "ext-": "StructureDefinition/"}
_TYPE_FUNCTIONS = ("ofType", "as", "is")


class ExpressionCompiler:
    """Compiles expressions on a focus of one static type, in a resource of another."""

    def __init__(self, types: Types, context: StaticType, resource: StaticType = UNKNOWN) -> None:
        self._types = types
        self._context = context
        self._resource = resource

    def compile(self, tree: Tree) -> Compiled:
        """Compile a whole expression. Raises `Unsupported`."""
        return self._code(tree, self._context)

    def _code(self, tree: Tree, this: StaticType) -> Compiled:
        match tree:
            case Literal(value, type):
                return compiled_constant((value,), type_named(type))
            case EmptyCollection():
                return compiled_selection(lambda _this, _scope: EMPTY)
            case Member(name):
                return self._start(name, this)
            case Call(name, arguments):
                return self._call(Special("this"), name, arguments, this)
            case Special(name):
                return _special(name, this)
            case Variable(name):
                return self._variable(name)
            case Path(left, Call(name, arguments)):
                return self._call(left, name, arguments, this)
            case Path(left, Member(name)):
                return self._member(self._holders(left, this), name)
            case Item(left, index):
                return indexer(self._code(left, this), self._code(index, this))
            case UnaryMinus(operand):
                return unary_minus(self._code(operand, this))
            case TypeTest(operator, operand, name):
                return self._typed(operator, operand, name, this)
            case Binary(operator, left, right):
                return self._operation(operator, self._code(left, this), self._code(right, this))
        raise Unsupported(str(tree))

    def _operation(self, operator: str, left: Compiled, right: Compiled) -> Compiled:
        if operator not in OPERATORS:
            raise Unsupported(operator)
        return OPERATORS[operator](left, right)

    def _start(self, name: str, this: StaticType) -> Compiled:
        """The first name of a path: a child of the focus, or the name of its type."""
        known = this.elements is not None and name in this.elements
        if not known and name[:1].isupper():
            return self._focus_of_type(name, this)
        return compiled_step(None, *named_step(self._types, this, name))

    def _focus_of_type(self, name: str, this: StaticType) -> Compiled:
        if name in ("Resource", "DomainResource") or name in this.types:
            return _special("this", this)
        if this.types:
            return compiled_selection(lambda _this, _scope: EMPTY)
        raise Unsupported(f"{name} as the start of a path")

    def _holders(self, tree: Tree, this: StaticType) -> Compiled:
        """The path before a child's name; of descendants() only the objects, which can have children."""
        match tree:
            case Call("descendants", ()):
                return objects_of(_special("this", this))
            case Path(left, Call("descendants", ())):
                return objects_of(self._code(left, this))
        return self._code(tree, this)

    def _member(self, left: Compiled, name: str) -> Compiled:
        return compiled_step(left, *named_step(self._types, left.static_type, name))

    def _typed(self, operator: str, operand: Tree, name: str, this: StaticType) -> Compiled:
        choose = is_type if operator == "is" else of_type
        return choose(self._types, self._code, operand, this, name)

    def _call(self, left: Tree, name: str, arguments: tuple[Tree, ...], this: StaticType) -> Compiled:
        count = len(arguments)
        if name in _TYPE_FUNCTIONS and count == 1:
            return self._typed(name, left, _type_name(arguments[0]), this)
        code = self._code(left, this)
        if name in NO_ARGUMENT_FUNCTIONS and (count == 0 or name == "trace"):
            return NO_ARGUMENT_FUNCTIONS[name](code)
        if name in ITERATION_FUNCTIONS and count == 1:
            return ITERATION_FUNCTIONS[name](code, self._code(arguments[0], code.static_type))
        if name in ONE_ARGUMENT_FUNCTIONS and count == 1:
            return ONE_ARGUMENT_FUNCTIONS[name](code, self._code(arguments[0], this))
        if name in MATH_FUNCTIONS and count in MATH_FUNCTIONS[name][2]:
            return math_function(name, code, tuple(self._code(argument, this) for argument in arguments))
        if name in STRING_FUNCTIONS:
            return string_function(name, code, tuple(self._code(argument, this) for argument in arguments))
        return self._special_call(code, name, arguments, this)

    def _special_call(
        self, code: Compiled, name: str, arguments: tuple[Tree, ...], this: StaticType
    ) -> Compiled:
        match name, arguments:
            case "iif", (condition, chosen, *rest) if len(rest) < 2:
                others = self._code(rest[0], code.static_type) if rest else None
                return _iif(
                    code,
                    self._code(condition, code.static_type),
                    self._code(chosen, code.static_type),
                    others,
                )
            case "aggregate", (step, *start) if len(start) < 2:
                total = self._code(start[0], this) if start else None
                return aggregate(code, self._code(step, code.static_type), total)
            case (("extension" | "hasExtension"), (url,)):
                found = compiled_selection(
                    _extension_items(code, self._code(url, this)), self._types.of_type("Extension")
                )
                return found if name == "extension" else exists(found)
            case "join", (separator,):
                return _join(code, self._code(separator, this))
            case "join", ():
                return _join(code, compiled_constant(("",), STRING))
            case (("now" | "today" | "timeOfDay"), ()):
                return _evaluation_time(name)
        raise Unsupported(f"{name}() with {len(arguments)} arguments")

    def _variable(self, name: str) -> Compiled:
        if name in CONSTANTS:
            return compiled_constant((CONSTANTS[name],), STRING)
        for prefix, folder in _URLS.items():
            if name.startswith(prefix):
                return compiled_constant(
                    (f"http://hl7.org/fhir/{folder}{name.removeprefix(prefix)}",), STRING
                )
        if name == "resource":
            return compiled_selection(lambda _this, scope: (scope.resource,), self._resource)
        if name == "rootResource":
            return compiled_selection(lambda _this, scope: (scope.root,))
        if name == "extension":
            return compiled_selection(
                lambda _this, scope: (scope.extension,), self._types.of_type("Extension")
            )
        if name == "context":
            return compiled_selection(lambda _this, scope: (scope.context,), self._context)
        raise Unsupported(f"%{name}")


def _special(name: str, this: StaticType) -> Compiled:
    if name == "this":
        return compiled_selection(lambda focus, _scope: (focus,), this)
    if name == "index":
        return compiled_selection(lambda _this, scope: (scope.index,), INTEGER)
    return compiled_selection(lambda _this, scope: scope.total, type_named("decimal"))


def _evaluation_time(name: str) -> Compiled:
    """now(), today() and timeOfDay(): the same throughout an evaluation."""
    place, type = {
        "now": (slice(None), "dateTime"),
        "today": (slice(10), "date"),
        "timeOfDay": (slice(11, 23), "time"),
    }[name]
    return compiled_selection(lambda _this, scope: (scope.now[place],), type_named(type))


def _type_name(tree: Tree) -> str:
    name = type_name(tree)
    if name is None:
        raise Unsupported("a type that is no name")
    return name


def _iif(left: Compiled, condition: Compiled, chosen: Compiled, otherwise: Compiled | None) -> Compiled:
    run_left = left.run
    static_type = (
        chosen.static_type
        if otherwise is None or otherwise.static_type.types == chosen.static_type.types
        else UNKNOWN
    )

    def run(this: Any, scope: Scope) -> Items:
        items = run_left(this, scope)
        if len(items) > 1:
            raise FhirPathError("iif() of several items")
        if not items:
            raise Unsupported("iif() of nothing")
        if condition.test(items[0], scope):
            return chosen.run(items[0], scope)
        return otherwise.run(items[0], scope) if otherwise else EMPTY

    return compiled_selection(run, static_type)


def _extension_items(left: Compiled, url: Compiled) -> Callable[[Any, Scope], Items]:
    run_left, run_url = left.run, url.run

    def run(this: Any, scope: Scope) -> Items:
        found, wanted, items = [], singleton(run_url(this, scope)), run_left(this, scope)
        scope.count_item_steps(items)
        for item in items:
            holder = item.companion if type(item) is ExtendedPrimitive else item
            if type(holder) is dict and "extension" in holder:
                found += [extension for extension in holder["extension"] if extension.get("url") == wanted]
        return found

    return run


def _join(left: Compiled, separator: Compiled) -> Compiled:
    """join(separator): empty for no items. https://build.fhir.org/ig/HL7/FHIRPath/#joinseparator-string--string"""
    run_left, run_separator = left.run, separator.run

    def run(this: Any, scope: Scope) -> Items:
        between = singleton(run_separator(this, scope)) or ""
        items = run_left(this, scope)
        scope.count_item_steps(items)
        values = [value for value in map(bare_value, items) if value is not None]
        if not values:
            return EMPTY
        text = join_bounded([text_of(value) for value in values], between)
        scope.count_text_steps(text)
        return (text,)

    return compiled_selection(run, STRING)
