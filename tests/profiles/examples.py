"""The examples of the profiles, found in `tests/profiles/<profile>/{valid,invalid}/*.json`.

A valid example is a resource that claims the profile. A file of invalid examples is a list; each says which
valid example it is made `of`, by which JSON `patch`, and what must be `refused`: the key of a rule, or the id
of the element of the differential that states the cardinality, value, type or binding that is broken.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fhir_server.core import json
from fhir_server.interactions.json_patch import json_patched

Resource = dict[str, Any]

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Example:
    """A valid example of a profile."""

    profile: str
    name: str
    body: bytes

    @property
    def resource(self) -> Resource:
        """A copy of its own at each call."""
        resource: Resource = json.parse(self.body)
        return resource

    def __str__(self) -> str:
        return f"{self.profile}/{self.name}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An invalid example: a valid one, and the patch that makes it break what is `refused`."""

    example: Example
    refused: str
    patch: tuple[dict[str, Any], ...]
    number: int

    @property
    def resource(self) -> Resource:
        resource: Resource = json_patched(self.example.resource, list(self.patch))
        return resource

    @property
    def names_a_rule(self) -> bool:
        """Whether a rule's key is named; otherwise it is an element's id."""
        return "." not in self.refused

    @property
    def path(self) -> str:
        """The FHIRPath of the element that is refused, without indices and slices."""
        segments = [segment.partition(":")[0] for segment in self.refused.split(".")]
        return ".".join(segments).replace("[x]", "")

    def __str__(self) -> str:
        return f"{self.example.profile}/{self.refused}/{self.number}"


def examples() -> list[Example]:
    """Every valid example, in the order of profiles and names."""
    files = sorted(FOLDER.glob("*/valid/*.json"))
    return [Example(file.parent.parent.name, file.stem, file.read_bytes()) for file in files]


def refusals() -> list[Refusal]:
    """Every invalid example, in the order of profiles, files and lines."""
    known = {(example.profile, example.name): example for example in examples()}
    return [
        Refusal(known[profile, case["of"]], case["refused"], tuple(case["patch"]), number)
        for profile, number, case in _cases()
    ]


def _cases() -> Iterator[tuple[str, int, dict[str, Any]]]:
    for file in sorted(FOLDER.glob("*/invalid/*.json")):
        for number, case in enumerate(json.parse(file.read_bytes()), start=1):
            yield file.parent.parent.name, number, case
