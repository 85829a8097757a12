"""Compiled expressions: a closure that selects, and one that tests.

https://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.validation.fhirpath.comparison import Primitive
from fhir_server.validation.fhirpath.static_types import BOOLEAN, UNKNOWN, Shape

STEPS_MAX = 1_000_000
STEPS_A_SECOND = 125_000
"""What the time counts for of work that has no steps of its own, such as looking for a pattern."""
NOTHING: tuple[Any, ...] = ()

Items = tuple[Any, ...] | list[Any]
"""A collection; nobody changes one that was handed out."""


class Unsupported(Exception):
    """What is not compiled here, and so left to the library."""


class TooManySteps(FhirPathError):
    """An expression that runs away."""


@dataclass(slots=True)
class Scope:
    """What an evaluation knows beside its focus, and how many steps it may still take.

    `resource` is the nearest resource around the focus, `root` that which contains it; `index` and `total`
    are those of the iteration that runs; `extension` is the one whose place is judged. `conforms` says
    whether an object satisfies a profile, None for one that cannot be used.
    """

    resource: Any
    root: Any
    resolve: Callable[[str], Any]
    contains: Callable[[str, str | None, str], bool | None]
    conforms: "Callable[[Any, str, Scope], bool | None] | None" = None
    steps: int = STEPS_MAX
    context: Any = None
    extension: Any = None
    index: int = 0
    total: Items = ()
    moment: str | None = None

    @property
    def now(self) -> str:
        """When the evaluation looked at the clock first."""
        if self.moment is None:
            self.moment = datetime.now().astimezone().isoformat(timespec="milliseconds")
        return self.moment

    def spend(self, count: int) -> None:
        """Count steps. Raises `TooManySteps`."""
        self.steps -= count
        if self.steps < 0:
            raise TooManySteps(f"more than {STEPS_MAX} steps")

    def spend_time(self, seconds: float) -> None:
        """Count processor time as steps."""
        self.spend(int(seconds * STEPS_A_SECOND))

    def pass_over(self, items: Items) -> None:
        """Count the steps that it takes to look at, or copy, all items at once."""
        self.spend(len(items) >> 3)

    def spend_text(self, text: str) -> None:
        """Count the steps that it takes to make a text."""
        self.spend(len(text) >> 6)


Run = Callable[[Any, Scope], Items]
Test = Callable[[Any, Scope], bool | None]


@dataclass(frozen=True, slots=True, eq=False)
class Code:
    """A compiled expression: `run` selects from one item, `test` says whether that is true, None if empty.

    `constants` are its items where they are always the same.
    """

    run: Run
    test: Test
    shape: Shape = UNKNOWN
    constants: tuple[Any, ...] | None = None


def selecting(run: Run, shape: Shape = UNKNOWN) -> Code:
    """The code of a selection."""
    return Code(run, lambda this, scope: truth(run(this, scope)), shape)


def testing(test: Test) -> Code:
    """The code of a condition."""

    def run(this: Any, scope: Scope) -> Items:
        found = test(this, scope)
        return NOTHING if found is None else (found,)

    return Code(run, test, BOOLEAN)


def constant(items: tuple[Any, ...], shape: Shape) -> Code:
    """The code of literals."""
    return Code(lambda _this, _scope: items, lambda _this, _scope: truth(items), shape, items)


def truth(items: Items) -> bool | None:
    """A collection where a condition is wanted: a single item that is no boolean counts as true."""
    if not items:
        return None
    if len(items) > 1:
        raise FhirPathError("several items where a condition is wanted")
    item = items[0]
    value = item.value if type(item) is Primitive else item
    return value if value is True or value is False else True


def single(items: Items) -> Any:
    """The one item, None where there is none. Raises `FhirPathError` for several."""
    if len(items) > 1:
        raise FhirPathError("several items where one is wanted")
    item = items[0] if items else None
    return item.value if type(item) is Primitive else item
