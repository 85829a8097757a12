"""What keeps a FHIRPath expression from running away: its steps are counted, its texts and patterns bounded.

Each bound is put around functions of the library that evaluates expressions.
https://hl7.org/fhir/R4/fhirpath.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from fhir_server.core.patterns import search_pattern

Evaluation = dict[str, Any]
"""The state that the library hands through one evaluation."""
Function = Callable[..., Any]

STEPS_MAX = 20_000
"""How many times one evaluation may test or select an item."""

TEXT_MAX = 1_048_576
"""What an expression may make of a text: to double one a few dozen times would fill the memory."""


class RunsAway(ValueError):
    """The expression takes more steps, or makes a longer text, than it may."""


def bounding_criteria(functions: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the library's functions that take criteria, whose evaluations are counted. They set `$this`,
    which is put back afterwards.
    """
    return {
        name: {**entry, "fn": _restoring_this(entry["fn"])}
        for name, entry in functions.items()
        if any("Expr" in kinds for kinds in entry.get("arity", {}).values())
    }


def _restoring_this(function: Function) -> Function:
    def call(evaluation: Evaluation, *arguments: Any) -> Any:
        before: Evaluation = {name: evaluation[name] for name in ("$this", "$index") if name in evaluation}
        counted = (
            _counted(evaluation, argument) if callable(argument) else argument for argument in arguments
        )
        try:
            return function(evaluation, *counted)
        finally:
            evaluation.pop("$this", None)
            evaluation.update(before)

    return call


def _counted(evaluation: Evaluation, criteria: Function) -> Function:
    """Criteria that may be evaluated so many times and no more."""

    def call(*items: Any) -> Any:
        evaluation["steps"] -= 1
        if evaluation["steps"] < 0:
            raise RunsAway(f"it takes more than {STEPS_MAX} steps")
        found = criteria(*items)
        made = found if isinstance(found, list) else [found]
        if any(isinstance(value, str) and len(value) > TEXT_MAX for value in made):
            raise _text_too_long()
        return found

    return call


def checking_pattern(function: Function) -> Function:
    """The function, which takes a pattern, kept from patterns that may take for ever."""

    def call(evaluation: Evaluation, items: Any, pattern: Any, *rest: Any) -> Any:
        if isinstance(pattern, str):
            for item in items or ():
                search_pattern(pattern, _text_of(item) or "")
        return function(evaluation, items, pattern, *rest)

    return call


def checking_replacement(function: Function) -> Function:
    """The function, which puts a text in place of what matches a pattern, bounded in both."""
    return bounding_replacement(checking_pattern(function))


def bounding_replacement(function: Function) -> Function:
    """The function, which puts a text in place of parts of another, kept from making a text too long."""

    def call(evaluation: Evaluation, items: Any, part: Any, text: Any) -> Any:
        length = max((len(_text_of(item) or "") for item in items or ()), default=0)
        if isinstance(text, str) and (length + 1) * (len(text) + 1) > TEXT_MAX:
            raise _text_too_long()
        return function(evaluation, items, part, text)

    return call


def bounding_join(function: Function) -> Function:
    """The function, which puts a text between others, kept from making a text too long."""

    def call(evaluation: Evaluation, items: Any, *between: Any) -> Any:
        texts = [text for text in map(_text_of, items or ()) if text is not None]
        if sum(map(len, texts)) + len(texts) * sum(map(len, between)) > TEXT_MAX:
            raise _text_too_long()
        return function(evaluation, items, *between)

    return call


def _text_of(item: Any) -> str | None:
    """The text that an item is, or that a node of the library holds; None for anything else."""
    value = getattr(item, "data", item)
    return value if isinstance(value, str) else None


def _text_too_long() -> RunsAway:
    return RunsAway(f"it makes a text of more than {TEXT_MAX} characters")
