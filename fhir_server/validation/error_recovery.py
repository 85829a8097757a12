"""Error recovery: the part of a resource with structural errors that can still be validated.

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
"""Removing a part may leave an empty object, which the next round removes."""


@dataclass(frozen=True, slots=True)
class SoundPart:
    """A resource without its faulty parts.

    `removed` maps the FHIRPath location of each part taken out to whether it had content: if so, a finding
    on an element around it may only be caused by the removal.
    """

    resource: dict[str, Any]
    removed: Mapping[str, bool] = field(default_factory=dict)

    def without_consequences(self, issues: Iterable[Issue]) -> list[Issue]:
        """The issues, without those that the removal may have caused."""
        return [issue for issue in issues if not any(map(self._may_come_of_loss, issue.expression))]

    def _may_come_of_loss(self, place: str) -> bool:
        inside = (f"{place}.", f"{place}[")
        return place in self.removed or any(
            had_content and lost.startswith(inside) for lost, had_content in self.removed.items()
        )


def sound_part(
    resource: dict[str, Any], issues: list[Issue], structure: Callable[[Any], list[Issue]]
) -> SoundPart | None:
    """The part of a resource with these structural `issues` that can be validated; None if there is none.

    Structural issues that only show once the faulty parts are gone are added to `issues`.
    """
    faults = _structural(issues)
    if not faults:
        return SoundPart(resource)
    rest, removed = _deep_copy(resource), dict[str, bool]()
    for _ in range(_ROUNDS_MAX):
        if len(issues) > FINDINGS_MAX:
            return None
        found = [_remove(rest, fault, removed) for fault in faults]
        if not any(found):
            return None
        left = structure(rest)
        faults = _structural(left)
        issues += _new_issues(SoundPart(rest, removed).without_consequences(left), issues)
        if not faults:
            return SoundPart(rest, removed)
    return None


def _structural(issues: list[Issue]) -> list[Issue]:
    return [issue for issue in issues if issue.code in _STRUCTURAL]


def _new_issues(left: list[Issue], issues: list[Issue]) -> list[Issue]:
    """The issues of the rest that are new, except empty objects: the removal may have emptied them."""
    known = {_message_key(issue) for issue in issues}
    there = (issue for issue in left if issue.text.template is not messages.EMPTY_OBJECT)
    return [issue for issue in there if _message_key(issue) not in known]


def _message_key(issue: Issue) -> tuple[Any, ...]:
    return issue.code, issue.expression, issue.text.render()


def _deep_copy(value: Any) -> Any:
    if type(value) is dict:
        return {name: _deep_copy(child) for name, child in value.items()}
    return [_deep_copy(item) for item in value] if type(value) is list else value


def _remove(rest: dict[str, Any], fault: Issue, removed: dict[str, bool]) -> bool:
    """Remove the innermost property that contains the fault, or wrap or unwrap its array if that corrects it.

    Returns whether the property was found.
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
        had_content = [_has_content(holder.pop(name)) for name in names]
        if template not in _NO_ELEMENTS:
            removed[_without_indexes(place)] = any(had_content)
    return True


def _property(rest: dict[str, Any], place: str) -> tuple[dict[str, Any], list[str]] | None:
    """The object that holds the innermost property of a FHIRPath location, and the property's JSON names."""
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


def _has_content(value: Any) -> bool:
    if type(value) is dict:
        return any(map(_has_content, value.values()))
    return any(map(_has_content, value)) if type(value) is list else value not in (None, "")
