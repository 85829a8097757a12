"""Compiled expressions and the scope they are evaluated in.

https://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.validation.fhirpath.comparison import ExtendedPrimitive
from fhir_server.validation.fhirpath.static_types import BOOLEAN, UNKNOWN, StaticType

STEPS_MAX = 1_000_000
BUNDLE_STEPS_MAX = 10 * STEPS_MAX
"""Steps of all evaluations on the resources of one Bundle. A usual resource takes some dozens."""
STEPS_PER_SECOND = 125_000
"""How many steps a second of processor time counts for in work without steps, such as matching a pattern."""
EMPTY: tuple[Any, ...] = ()

Items = tuple[Any, ...] | list[Any]
"""A FHIRPath collection. Never mutate one that another function returned."""


class Unsupported(Exception):
    """The expression cannot be compiled here; the fhirpath library evaluates it instead."""


class TooManySteps(FhirPathError):
    """The evaluation takes more than `STEPS_MAX` steps, or those of a Bundle more than `BUNDLE_STEPS_MAX`."""


@dataclass(slots=True)
class StepBudget:
    """The remaining steps of evaluations on several resources."""

    left: int = field(default_factory=lambda: BUNDLE_STEPS_MAX)

    def count_time(self, seconds: float) -> None:
        """Count processor time as steps."""
        self.left -= int(seconds * STEPS_PER_SECOND)


@dataclass(slots=True)
class Scope:
    """The variables and services of one evaluation, and its remaining step budget.

    `resource` is %resource (the nearest resource around the focus), `root` is %rootResource, `context` is
    %context, `extension` is %extension; `index` and `total` are $index and $total of the current iteration.
    `contains` says whether a value set contains a system and code, None if unknown. `conforms` says whether
    an object satisfies a profile, None if the profile cannot be used. `steps` counts down, and so does the
    `budget` that it shares with other scopes.
    """

    resource: Any
    root: Any
    resolve: Callable[[str], Any]
    contains: Callable[[str, str | None, str], bool | None]
    conforms: "Callable[[Any, str, Scope], bool | None] | None" = None
    steps: int = STEPS_MAX
    budget: StepBudget = field(default_factory=StepBudget)
    context: Any = None
    extension: Any = None
    index: int = 0
    total: Items = ()
    moment: str | None = None

    @property
    def now(self) -> str:
        """The current date and time: the same throughout an evaluation."""
        if self.moment is None:
            self.moment = datetime.now().astimezone().isoformat(timespec="milliseconds")
        return self.moment

    def count_steps(self, count: int) -> None:
        """Count steps. Raises `TooManySteps`."""
        self.steps -= count
        self.budget.left -= count
        if self.steps < 0:
            raise TooManySteps(f"more than {STEPS_MAX} steps")
        if self.budget.left < 0:
            raise TooManySteps(f"more than {BUNDLE_STEPS_MAX} steps on the resources of one Bundle")

    def count_time(self, seconds: float) -> None:
        """Count processor time as steps."""
        self.count_steps(int(seconds * STEPS_PER_SECOND))

    def count_item_steps(self, items: Items) -> None:
        """Count the steps of reading or copying a whole collection: one per 8 items."""
        self.count_steps(len(items) >> 3)

    def count_text_steps(self, text: str) -> None:
        """Count the steps of building a string: one per 64 characters."""
        self.count_steps(len(text) >> 6)


Run = Callable[[Any, Scope], Items]
Test = Callable[[Any, Scope], bool | None]


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A compiled expression.

    `run` evaluates it to a collection. `test` evaluates it as a condition: None if the collection is empty.
    `constants` are the items of an expression that always gives the same.
    """

    run: Run
    test: Test
    static_type: StaticType = UNKNOWN
    constants: tuple[Any, ...] | None = None


def compiled_selection(run: Run, static_type: StaticType = UNKNOWN) -> Compiled:
    """An expression compiled from a function that returns a collection."""
    return Compiled(run, lambda this, scope: truth(run(this, scope)), static_type)


def compiled_condition(test: Test) -> Compiled:
    """An expression compiled from a function that returns a boolean, or None for empty."""

    def run(this: Any, scope: Scope) -> Items:
        found = test(this, scope)
        return EMPTY if found is None else (found,)

    return Compiled(run, test, BOOLEAN)


def compiled_constant(items: tuple[Any, ...], static_type: StaticType) -> Compiled:
    """An expression that always returns these items."""
    return Compiled(lambda _this, _scope: items, lambda _this, _scope: truth(items), static_type, items)


def truth(items: Items) -> bool | None:
    """A collection as a condition: a single item that is not a boolean counts as true.

    Raises `FhirPathError` for several items.
    """
    if not items:
        return None
    if len(items) > 1:
        raise FhirPathError("several items where a condition is wanted")
    item = items[0]
    value = item.value if type(item) is ExtendedPrimitive else item
    return value if value is True or value is False else True


def singleton(items: Items) -> Any:
    """The only item of a collection; None if it is empty. Raises `FhirPathError` for several items."""
    if len(items) > 1:
        raise FhirPathError("several items where one is wanted")
    item = items[0] if items else None
    return item.value if type(item) is ExtendedPrimitive else item
