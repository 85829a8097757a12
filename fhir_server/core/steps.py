"""The steps of an issue's place, as the numbers and JSON names by which they are taken in a parsed resource.

https://hl7.org/fhir/R4/operationoutcome-definitions.html#OperationOutcome.issue.expression
"""

import re

_STEP = re.compile(r"\.?(?:(?P<name>[A-Za-z_]\w*)|`(?P<quoted>(?:[^`\\]|\\.)*)`)|\[(?P<index>\d+)\]")
_OF_TYPE = re.compile(r"\.ofType\((\w+)\)")

Step = tuple[str | int, ...]
"""A number, or the names that the element may have in JSON: its own, and that of the companion beside it."""


def json_steps(place: str) -> list[Step]:
    """The steps below the root, whose name `place` begins with."""
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
    """Where the name of the resource's type ends."""
    found = re.match(r"\w*", place)
    return found.end() if found else 0
