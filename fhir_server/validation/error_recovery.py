"""What can still be judged of a resource with faults of structure: the rest of it, without the faulty parts.

https://hl7.org/fhir/R4/validation.html
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fhir_server.core.fhirpath_location import json_steps
from fhir_server.issues import Issue
from fhir_server.validation import messages
from fhir_server.validation.findings import FINDINGS_MAX

_STRUCTURAL = frozenset({"structure", "not-supported"})
_NO_ELEMENTS = (messages.UNKNOWN_ELEMENT, messages.COMMENTS)
_ROUNDS_MAX = 8
"""What is taken out may leave an empty object, which is taken out next."""


@dataclass(frozen=True, slots=True)
class Remainder:
    """A resource without its faulty parts, and the places of these, which are `gone`: true where the part had
    content, so that a finding around it may only come of its loss.
    """

    resource: dict[str, Any]
    gone: Mapping[str, bool] = field(default_factory=dict)

    def without_consequences(self, issues: Iterable[Issue]) -> list[Issue]:
        """The issues, without those that may only come of what is gone."""
        return [issue for issue in issues if not any(map(self._may_come_of_loss, issue.expression))]

    def _may_come_of_loss(self, place: str) -> bool:
        inside = (f"{place}.", f"{place}[")
        return place in self.gone or any(said and lost.startswith(inside) for lost, said in self.gone.items())


def remainder(
    resource: dict[str, Any], issues: list[Issue], structure: Callable[[Any], list[Issue]]
) -> Remainder | None:
    """What can be judged of a resource with these structural `issues`, to which are added those that are met
    in the rest; None where nothing can.
    """
    faults = _structural(issues)
    if not faults:
        return Remainder(resource)
    rest, gone = _copied(resource), dict[str, bool]()
    for _ in range(_ROUNDS_MAX):
        if len(issues) > FINDINGS_MAX:
            return None
        found = [_take_out(rest, fault, gone) for fault in faults]
        if not any(found):
            return None
        left = structure(rest)
        faults = _structural(left)
        issues += _new(Remainder(rest, gone).without_consequences(left), issues)
        if not faults:
            return Remainder(rest, gone)
    return None


def _structural(issues: list[Issue]) -> list[Issue]:
    return [issue for issue in issues if issue.code in _STRUCTURAL]


def _new(left: list[Issue], issues: list[Issue]) -> list[Issue]:
    """The issues of the rest that were not found before; an object that is empty now may not have been."""
    sayings = {_saying(issue) for issue in issues}
    there = (issue for issue in left if issue.text.template is not messages.EMPTY_OBJECT)
    return [issue for issue in there if _saying(issue) not in sayings]


def _saying(issue: Issue) -> tuple[Any, ...]:
    return issue.code, issue.expression, issue.text.render()


def _copied(value: Any) -> Any:
    if type(value) is dict:
        return {name: _copied(child) for name, child in value.items()}
    return [_copied(item) for item in value] if type(value) is list else value


def _take_out(rest: dict[str, Any], fault: Issue, gone: dict[str, bool]) -> bool:
    """Take out the innermost property that the fault is in, or make it one value or several as it must be.
    Whether it was found.
    """
    place = fault.expression[0]
    found = _property(rest, place)
    if found is None:
        return False
    holder, names = found
    value = holder[names[0]]
    template = fault.text.template
    is_one = len(names) == 1 and not place.endswith("]")
    if template is messages.LIST_WANTED and is_one:
        holder[names[0]] = [value]
    elif template is messages.LIST_UNWANTED and is_one and value:
        holder[names[0]] = value[0]
    elif template is messages.NO_COMPANION:
        del holder[names[-1]]
    else:
        said = [_says_something(holder.pop(name)) for name in names]
        if template not in _NO_ELEMENTS:
            gone[_without_indexes(place)] = any(said)
    return True


def _property(rest: dict[str, Any], place: str) -> tuple[dict[str, Any], list[str]] | None:
    """The object that holds the last property on the way to the place, and the names that it has of it."""
    found: tuple[dict[str, Any], list[str]] | None = None
    here: Any = rest
    for step in json_steps(place):
        if type(here) is dict:
            names = [str(name) for name in step if name in here]
            if not names:
                return None
            found = here, names
            here = here[names[0]]
        elif type(here) is list and type(step[0]) is int and step[0] < len(here):
            here = here[step[0]]
        else:
            return None
    return found


_without_indexes = partial(re.compile(r"(\[\d+\])+$").sub, "")


def _says_something(value: Any) -> bool:
    if type(value) is dict:
        return any(map(_says_something, value.values()))
    return any(map(_says_something, value)) if type(value) is list else value not in (None, "")
