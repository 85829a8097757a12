"""Converts the FHIRPath location of an issue to the steps that lead to the element in parsed JSON.

https://hl7.org/fhir/R4/operationoutcome-definitions.html#OperationOutcome.issue.expression
"""

import re

_STEP = re.compile(r"\.?(?:(?P<name>[A-Za-z_]\w*)|`(?P<quoted>(?:[^`\\]|\\.)*)`)|\[(?P<index>\d+)\]")
_OF_TYPE = re.compile(r"\.ofType\((\w+)\)")

Step = tuple[str | int, ...]
"""An array index, or the two JSON properties of an element: its name, and the one with `_` for a primitive's
extensions.
"""


def json_steps(place: str) -> list[Step]:
    """The steps of the location `place`, without its root, the resource type."""
    steps: list[Step] = []
    position = _end_of_root(place)
    while step := _STEP.match(place, position):
        position = step.end()
        if step["index"] is not None:
            steps.append((int(step["index"]),))
            continue
        name = step["name"] or re.sub(r"\\(.)", r"\1", step["quoted"] or "")
        if of_type := _OF_TYPE.match(place, position):
            position = of_type.end()
            name += of_type[1][0].upper() + of_type[1][1:]
        steps.append((name, f"_{name}"))
    return steps


def _end_of_root(place: str) -> int:
    """The position after the resource type."""
    found = re.match(r"\w*", place)
    return found.end() if found else 0
