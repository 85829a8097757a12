"""Checks of Resource.meta: profiles, security labels and tags have no duplicates.

https://hl7.org/fhir/R4/resource-definitions.html#Meta.security
"""

from collections.abc import Iterator
from typing import Any

from fhir_server.core.subsetted import subsetted_tag
from fhir_server.issues import Issue
from fhir_server.validation.checks import messages
from fhir_server.validation.checks.check import CheckContext, Resource, finding
from fhir_server.validation.findings import excerpt

SETS = (("profile", "meta-set"), ("security", "security-set"), ("tag", "meta-set"))
"""Each with the key of its findings; only duplicate security labels are errors in $validate."""


class MetaCheck:
    """Checks for duplicates, and for the tag of an incomplete resource. Codings are compared by system and
    code.
    """

    types: frozenset[str] = frozenset()

    def check(self, resource: Resource, context: CheckContext) -> Iterator[Issue]:
        meta = resource.get("meta")
        if context.errors_only or type(meta) is not dict:
            return
        tagged = subsetted_tag(resource)
        if tagged is not None:
            yield finding("warning", "incomplete", "subsetted", messages.SUBSETTED(), tagged)
        for name, key in SETS:
            seen: set[str] = set()
            for index, item in enumerate(meta.get(name, ())):
                shown = _identity(item)
                if shown in seen:
                    place = f"{resource['resourceType']}.meta.{name}[{index}]"
                    yield finding(
                        "warning", "duplicate", key, messages.IN_SET_TWICE(value=excerpt(shown)), place
                    )
                if shown:
                    seen.add(shown)


def _identity(item: Any) -> str:
    """The key by which duplicates are found; empty if there is none."""
    if type(item) is dict:
        return f"{item.get('system', '')}|{item['code']}" if type(item.get("code")) is str else ""
    return item if type(item) is str else ""
