"""Rules of R4's search page, and what searches find by them: one YAML file for a section or a few.

A file names its `section` of https://hl7.org/fhir/R4/search.html, the `resources` that are stored in their
order, the `definitions` that the server has beside R4's, and `rules`. Each rule has searches, with the ids
that they find (in this order where they are sorted), or part of the sentence with which they are refused, or
`matches`, `includes` and `total`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from msgspec import Raw

FOLDER = Path(__file__).parent


class _Loader(yaml.SafeLoader):
    """YAML with the scalars of JSON: no dates, no yes and no, and decimals as they are written."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("null", r"null", "n"),
    ("int", r"-?(?:0|[1-9]\d*)", "-0123456789"),
    ("float", r"-?(?:0|[1-9]\d*)\.\d+", "-0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), list(_first))
_Loader.add_constructor("tag:yaml.org,2002:float", lambda _, node: Raw(node.value.encode()))


@dataclass(frozen=True)
class Case:
    """One search of a file. `expected` is a list of ids, a part of a message, or both kinds of matches."""

    file: str
    rule: str
    search: str
    expected: Any

    def __str__(self) -> str:
        return f"{self.file}: {self.search}"


@cache
def content(file: str) -> dict[str, Any]:
    """The whole of one file."""
    found: dict[str, Any] = yaml.load((FOLDER / file).read_text(encoding="utf-8"), _Loader)
    return found


def files() -> list[str]:
    return sorted(path.name for path in FOLDER.glob("*.yaml"))


def cases() -> Iterator[Case]:
    """Every search of every file."""
    for file in files():
        for rule in content(file)["rules"]:
            for search, expected in rule["searches"].items():
                yield Case(file, rule["rule"], search, expected)
