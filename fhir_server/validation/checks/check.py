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
        """Whether the code is in the value set at `url` or `url|version`; None if that is unknown.
        `version` is that of the code system.
        """
        ...

    def contains_in(self, value_set: Resource, system: str | None, code: str) -> bool | None:
        """Whether the code is in a value set given as a resource; None if that is unknown."""
        ...


class CheckContext(Struct, frozen=True):
    """The context of the resource being checked.

    `resolve` finds the target of a reference or canonical, or returns None. `bundle` is the Bundle around the
    resource. `profiles` are those that the resource claims or is validated against. With `errors_only`, an
    expensive check may skip what only gives warnings. `budget` limits the steps
    of FHIRPath expressions.
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
    """A check of resources of some types; empty `types` mean every type.

    The resource is structurally well formed: objects, arrays and primitives are where they belong, but
    required elements may be missing and values may be invalid. The expressions of issues begin with the
    resource's type, such as `Questionnaire.item[0].linkId`.
    """

    types: frozenset[str]

    def check(self, resource: Resource, context: CheckContext, /) -> Iterator[Issue]: ...


def finding(severity: Severity, code: IssueType, key: str, text: Text, place: str) -> Issue:
    """An issue of a check at one location; `key` names the rule."""
    return Issue(severity, code, text, (place,), key)
