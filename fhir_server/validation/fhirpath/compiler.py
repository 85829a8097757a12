"""Compiles a tree to code, knowing the type of what it starts from.

What is not compiled here raises `Unsupported`, and is left to the library.
https://hl7.org/fhir/R4/fhirpath.html
"""

from collections.abc import Callable
from typing import Any

from fhir_server.core.fhirpath import CONSTANTS, FhirPathError
from fhir_server.validation.fhirpath.arithmetic import negative, text_of
from fhir_server.validation.fhirpath.bounded_strings import joined
from fhir_server.validation.fhirpath.comparison import Primitive, plain
from fhir_server.validation.fhirpath.compiled import (
    NOTHING,
    Code,
    Items,
    Scope,
    Unsupported,
    constant,
    selecting,
    single,
)
from fhir_server.validation.fhirpath.iteration_functions import ITERATING, aggregate
from fhir_server.validation.fhirpath.math_functions import CALCULATING, calculation
from fhir_server.validation.fhirpath.navigation import named_step
from fhir_server.validation.fhirpath.no_argument_functions import PLAIN, exists, objects_of
from fhir_server.validation.fhirpath.one_argument_functions import COMBINING
from fhir_server.validation.fhirpath.operators import OPERATORS, indexed
from fhir_server.validation.fhirpath.parser import (
    Binary,
    Call,
    Item,
    Literal,
    Member,
    Negative,
    Nothing,
    Path,
    Special,
    Tree,
    TypeTest,
    Variable,
    type_name,
)
from fhir_server.validation.fhirpath.static_types import INTEGER, STRING, UNKNOWN, Shape, Types, of
from fhir_server.validation.fhirpath.string_functions import TEXT_FUNCTIONS, text_function
from fhir_server.validation.fhirpath.type_operators import of_type, stepping, tested_type

_URLS = {"vs-": "ValueSet/", "ext-": "StructureDefinition/"}
_TYPE_FUNCTIONS = ("ofType", "as", "is")


class ExpressionCompiler:
    """Compiles expressions that start from one shape, in a resource of another."""

    def __init__(self, types: Types, context: Shape, resource: Shape = UNKNOWN) -> None:
        self._types = types
        self._context = context
        self._resource = resource

    def compiled(self, tree: Tree) -> Code:
        """The code of a whole expression. Raises `Unsupported`."""
        return self._code(tree, self._context)

    def _code(self, tree: Tree, this: Shape) -> Code:
        match tree:
            case Literal(value, type):
                return constant((value,), of(type))
            case Nothing():
                return selecting(lambda _this, _scope: NOTHING)
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
                return indexed(self._code(left, this), self._code(index, this))
            case Negative(operand):
                return negative(self._code(operand, this))
            case TypeTest(operator, operand, name):
                return self._typed(operator, operand, name, this)
            case Binary(operator, left, right):
                return self._operation(operator, self._code(left, this), self._code(right, this))
        raise Unsupported(str(tree))

    def _operation(self, operator: str, left: Code, right: Code) -> Code:
        if operator not in OPERATORS:
            raise Unsupported(operator)
        return OPERATORS[operator](left, right)

    def _start(self, name: str, this: Shape) -> Code:
        """The first name of a path: the type of the focus itself, or a child of it."""
        known = this.elements is not None and name in this.elements
        if not known and name[:1].isupper():
            return self._focus_of_type(name, this)
        return stepping(None, *named_step(self._types, this, name))

    def _focus_of_type(self, name: str, this: Shape) -> Code:
        if name in ("Resource", "DomainResource") or name in this.types:
            return _special("this", this)
        if this.types:
            return selecting(lambda _this, _scope: NOTHING)
        raise Unsupported(f"{name} as the start of a path")

    def _holders(self, tree: Tree, this: Shape) -> Code:
        """What may have the child that is asked for; of all descendants, only objects do."""
        match tree:
            case Call("descendants", ()):
                return objects_of(_special("this", this))
            case Path(left, Call("descendants", ())):
                return objects_of(self._code(left, this))
        return self._code(tree, this)

    def _member(self, left: Code, name: str) -> Code:
        return stepping(left, *named_step(self._types, left.shape, name))

    def _typed(self, operator: str, operand: Tree, name: str, this: Shape) -> Code:
        choose = tested_type if operator == "is" else of_type
        return choose(self._types, self._code, operand, this, name)

    def _call(self, left: Tree, name: str, arguments: tuple[Tree, ...], this: Shape) -> Code:
        count = len(arguments)
        if name in _TYPE_FUNCTIONS and count == 1:
            return self._typed(name, left, _type_name(arguments[0]), this)
        code = self._code(left, this)
        if name in PLAIN and (count == 0 or name == "trace"):
            return PLAIN[name](code)
        if name in ITERATING and count == 1:
            return ITERATING[name](code, self._code(arguments[0], code.shape))
        if name in COMBINING and count == 1:
            return COMBINING[name](code, self._code(arguments[0], this))
        if name in CALCULATING and count in CALCULATING[name][2]:
            return calculation(name, code, tuple(self._code(argument, this) for argument in arguments))
        if name in TEXT_FUNCTIONS:
            return text_function(name, code, tuple(self._code(argument, this) for argument in arguments))
        return self._special_call(code, name, arguments, this)

    def _special_call(self, code: Code, name: str, arguments: tuple[Tree, ...], this: Shape) -> Code:
        match name, arguments:
            case "iif", (condition, chosen, *rest) if len(rest) < 2:
                others = self._code(rest[0], code.shape) if rest else None
                return _iif(code, self._code(condition, code.shape), self._code(chosen, code.shape), others)
            case "aggregate", (step, *start) if len(start) < 2:
                total = self._code(start[0], this) if start else None
                return aggregate(code, self._code(step, code.shape), total)
            case (("extension" | "hasExtension"), (url,)):
                found = selecting(_extensions(code, self._code(url, this)), self._types.of_type("Extension"))
                return found if name == "extension" else exists(found)
            case "join", (separator,):
                return _joined(code, self._code(separator, this))
            case "join", ():
                return _joined(code, constant(("",), STRING))
            case (("now" | "today" | "timeOfDay"), ()):
                return _moment_of_evaluation(name)
        raise Unsupported(f"{name}() with {len(arguments)} arguments")

    def _variable(self, name: str) -> Code:
        if name in CONSTANTS:
            return constant((CONSTANTS[name],), STRING)
        for prefix, folder in _URLS.items():
            if name.startswith(prefix):
                return constant((f"http://hl7.org/fhir/{folder}{name.removeprefix(prefix)}",), STRING)
        if name == "resource":
            return selecting(lambda _this, scope: (scope.resource,), self._resource)
        if name == "rootResource":
            return selecting(lambda _this, scope: (scope.root,))
        if name == "extension":
            return selecting(lambda _this, scope: (scope.extension,), self._types.of_type("Extension"))
        if name == "context":
            return selecting(lambda _this, scope: (scope.context,), self._context)
        raise Unsupported(f"%{name}")


def _special(name: str, this: Shape) -> Code:
    if name == "this":
        return selecting(lambda focus, _scope: (focus,), this)
    if name == "index":
        return selecting(lambda _this, scope: (scope.index,), INTEGER)
    return selecting(lambda _this, scope: scope.total, of("decimal"))


def _moment_of_evaluation(name: str) -> Code:
    """now(), today() and timeOfDay(), which are the same throughout an evaluation."""
    place, type = {
        "now": (slice(None), "dateTime"),
        "today": (slice(10), "date"),
        "timeOfDay": (slice(11, 23), "time"),
    }[name]
    return selecting(lambda _this, scope: (scope.now[place],), of(type))


def _type_name(tree: Tree) -> str:
    name = type_name(tree)
    if name is None:
        raise Unsupported("a type that is no name")
    return name


def _iif(left: Code, condition: Code, chosen: Code, otherwise: Code | None) -> Code:
    run_left = left.run
    shape = chosen.shape if otherwise is None or otherwise.shape.types == chosen.shape.types else UNKNOWN

    def run(this: Any, scope: Scope) -> Items:
        items = run_left(this, scope)
        if len(items) > 1:
            raise FhirPathError("iif() of several items")
        if not items:
            raise Unsupported("iif() of nothing")
        if condition.test(items[0], scope):
            return chosen.run(items[0], scope)
        return otherwise.run(items[0], scope) if otherwise else NOTHING

    return selecting(run, shape)


def _extensions(left: Code, url: Code) -> Callable[[Any, Scope], Items]:
    run_left, run_url = left.run, url.run

    def run(this: Any, scope: Scope) -> Items:
        found, wanted, items = [], single(run_url(this, scope)), run_left(this, scope)
        scope.pass_over(items)
        for item in items:
            holder = item.more if type(item) is Primitive else item
            if type(holder) is dict and "extension" in holder:
                found += [extension for extension in holder["extension"] if extension.get("url") == wanted]
        return found

    return run


def _joined(left: Code, separator: Code) -> Code:
    run_left, run_separator = left.run, separator.run

    def run(this: Any, scope: Scope) -> Items:
        between = single(run_separator(this, scope)) or ""
        items = run_left(this, scope)
        scope.pass_over(items)
        values = [value for value in map(plain, items) if value is not None]
        text = joined([text_of(value) for value in values], between)
        scope.spend_text(text)
        return (text,)

    return selecting(run, STRING)
