"""The order of versions: a canonical without a version means the newest one.

https://semver.org/spec/v2.0.0.html#spec-item-11
"""

import re

_VERSION = re.compile(r"v?(\d{1,18}(?:\.\d{1,18}){0,9})(?:-([0-9A-Za-z.-]+))?(?:\+.*)?", re.ASCII)

Identifier = tuple[int, int, str]
Rank = tuple[int, tuple[int, ...], int, tuple[Identifier, ...], str]


def rank(version: str) -> Rank:
    """A sort key that orders versions from old to new; invalid versions come first."""
    found = _VERSION.fullmatch(version)
    if found is None:
        return (0, (), 0, (), version)
    numbers = [int(part) for part in found[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    if found[2] is None:
        return (1, tuple(numbers), 1, (), "")
    return (1, tuple(numbers), 0, tuple(map(_identifier, found[2].split("."))), "")


def _identifier(part: str) -> Identifier:
    """The sort key of a pre-release identifier: numeric ones come first and are compared as numbers."""
    return (0, int(part), "") if part.isdigit() and len(part) < 19 else (1, 0, part)
