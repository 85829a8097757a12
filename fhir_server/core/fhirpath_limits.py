"""Limits for FHIRPath expressions: on their steps, their texts and their regular expressions.

Each limit wraps functions of the library that evaluates expressions.
https://hl7.org/fhir/R4/fhirpath.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from fhir_server.core.safe_regex import search_pattern

Evaluation = dict[str, Any]
"""The state that the library passes through one evaluation."""
Function = Callable[..., Any]

STEPS_MAX = 20_000
"""How many times one evaluation may test or select an item."""

TEXT_MAX = 1_048_576
"""Characters of a text that an expression builds: one doubled a few dozen times would fill the memory."""


class LimitExceeded(ValueError):
    """The expression takes too many steps, or builds a text that is too long."""


def limit_criteria(functions: Mapping[str, Any]) -> dict[str, Any]:
    """Wrap those of the library's functions that take criteria: count each evaluation of the criteria, and
    restore `$this`, which the functions overwrite.
    """
    return {
        name: {**entry, "fn": _counting_steps(entry["fn"])}
        for name, entry in functions.items()
        if any("Expr" in kinds for kinds in entry.get("arity", {}).values())
    }


def _counting_steps(function: Function) -> Function:
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
    """Wrap criteria to count their evaluations and check the texts that they return."""

    def call(*items: Any) -> Any:
        evaluation["steps"] -= 1
        if evaluation["steps"] < 0:
            raise LimitExceeded(f"it takes more than {STEPS_MAX} steps")
        found = criteria(*items)
        made = found if isinstance(found, list) else [found]
        if any(isinstance(value, str) and len(value) > TEXT_MAX for value in made):
            raise _text_too_long()
        return found

    return call


def limit_pattern(function: Function) -> Function:
    """Wrap a function that takes a regular expression: refuse one that may take too long."""

    def call(evaluation: Evaluation, items: Any, pattern: Any, *rest: Any) -> Any:
        if isinstance(pattern, str):
            for item in items or ():
                search_pattern(pattern, _text_of(item) or "")
        return function(evaluation, items, pattern, *rest)

    return call


def limit_pattern_replacement(function: Function) -> Function:
    """Wrap a function that replaces the matches of a regular expression: limit both."""
    return limit_replacement(limit_pattern(function))


def limit_replacement(function: Function) -> Function:
    """Wrap a function that replaces parts of a text: refuse one that would make the text too long."""

    def call(evaluation: Evaluation, items: Any, part: Any, text: Any) -> Any:
        length = max((len(_text_of(item) or "") for item in items or ()), default=0)
        if isinstance(text, str) and (length + 1) * (len(text) + 1) > TEXT_MAX:
            raise _text_too_long()
        return function(evaluation, items, part, text)

    return call


def limit_join(function: Function) -> Function:
    """Wrap a function that joins texts: refuse one that would make the text too long."""

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


def _text_too_long() -> LimitExceeded:
    return LimitExceeded(f"it makes a text of more than {TEXT_MAX} characters")
