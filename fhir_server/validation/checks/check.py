"""The interface of checks of whole resources, and the context they run in.

https://hl7.org/fhir/R4/validation.html
"""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from msgspec import Struct, field

from fhir_server.core.fhirpath import FhirPath
from fhir_server.definitions.registry import Registry
from fhir_server.issues import Issue, IssueType, Severity, Text
from fhir_server.validation.fhirpath.compiled import StepBudget

Resource = dict[str, Any]
Resolve = Callable[[str], Resource | None]


class Codes(Protocol):
    """The terminology service as checks see it: membership of codes in value sets."""

    def contains(
        self, value_set: str, system: str | None, code: str, *, version: str | None = None
    ) -> bool | None:
        """Whether the code is in the value set at `url` or `url|version`; None where that cannot be known.
        `version` is that of the code system.
        """
        ...

    def contains_in(self, value_set: Resource, system: str | None, code: str) -> bool | None:
        """Whether the code is in a value set given as a resource; None if that is unknown."""
        ...


class CheckContext(Struct, frozen=True):
    """The context of the resource being checked.

    `resolve` finds what a reference or a canonical leads to, where that can be found; `bundle` is the Bundle
    whose entry the resource is; `profiles` are those that the resource claims or is checked against. Where
    `errors_only`, nobody reads less than errors: a check that costs need not look for what is less. `budget`
    is what FHIRPath expressions may cost.
    """

    registry: Registry
    codes: Codes
    paths: FhirPath
    resolve: Resolve
    bundle: Resource | None = None
    profiles: frozenset[str] = frozenset()
    errors_only: bool = False
    budget: StepBudget = field(default_factory=StepBudget)

    def canonical(self, url: str, type: str) -> Resource | None:
        """The resource of a type with this canonical `url` or `url|version`, from the registry or
        resolved.
        """
        found = self.registry.canonical(url, type) or self.resolve(url)
        return found if found is not None and found.get("resourceType") == type else None


class Check(Protocol):
    """A check of resources of some types; `types` empty means every type.

    What it is given has the shape of its type: objects, arrays and primitives where they belong, though some
    may be missing or hold no good value. Expressions of its issues begin with the resource's type, such as
    `Questionnaire.item[0].linkId`.
    """

    types: frozenset[str]

    def check(self, resource: Resource, context: CheckContext, /) -> Iterator[Issue]: ...


def finding(severity: Severity, code: IssueType, key: str, text: Text, place: str) -> Issue:
    """An issue of a check at one location; `key` names the rule."""
    return Issue(severity, code, text, (place,), key)
