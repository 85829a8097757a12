"""Validation of a resource that a client sends: its type, its structure and its profiles.

https://hl7.org/fhir/R4/validation.html
"""

import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from fhir_server.core.subsetted import subsetted_tag
from fhir_server.errors import InvalidRequest, MalformedContent, Unprocessable
from fhir_server.extension import Engine, Resource
from fhir_server.interactions import messages
from fhir_server.interactions.reference_resolver import Resolver, canonical_resolver
from fhir_server.issues import Issue
from fhir_server.store.port import Reader

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


class AcceptedResource(Struct, frozen=True):
    """A resource that may be written, and the warnings about it, if any were asked for."""

    resource: Resource
    warnings: tuple[Issue, ...]


def accept_resource(
    content: Any, type: str, engine: Engine, *, with_warnings: bool = False, reader: Reader | None = None
) -> AcceptedResource:
    """`content` as a resource of `type`.

    Raises, with every problem found, `MalformedContent` for errors of structure, and `Unprocessable` for
    errors of rules and of profiles, be they claimed by the resource or required by the server.

    Warnings cost more to find than errors: they are only looked for `with_warnings`, or once there is an
    error. Referenced resources are read by `reader`: a unit of work, or else the store.
    """
    if content is None:
        raise InvalidRequest.of(messages.BODY_NEEDED(type=type))
    issues = engine.validator.structure(content)
    if _has_error(issues):
        raise MalformedContent(*issues)
    if content["resourceType"] != type:
        given = content["resourceType"]
        raise InvalidRequest.of(messages.WRONG_TYPE(given=given, type=type), f"{given}.resourceType")
    _check_not_subsetted(content)
    resolve = canonical_resolver(reader or engine.store)
    if not with_warnings and not _conformance(content, engine, engine.validator.errors, resolve):
        return AcceptedResource(content, ())
    issues += _conformance(content, engine, engine.validator.conformance, resolve)
    if _has_error(issues):
        raise Unprocessable(*issues)
    return AcceptedResource(content, tuple(issues))


def _check_not_subsetted(resource: Resource) -> None:
    """Raise `Unprocessable` for a resource tagged SUBSETTED: to store it would lose the elements left out.

    https://hl7.org/fhir/R4/search.html#summary
    """
    place = subsetted_tag(resource)
    if place is not None:
        raise Unprocessable.of(messages.ONLY_A_PART(), place)


def _has_error(issues: list[Issue]) -> bool:
    return any(issue.fails for issue in issues)


def _conformance(
    resource: Resource, engine: Engine, find_issues: Callable[..., list[Issue]], resolve: Resolver
) -> list[Issue]:
    """The issues beyond structure. Where the server requires one of several profiles, those of the first that
    has no error, else those of the first.
    """
    required = engine.required_profiles.get(resource["resourceType"], ())
    if len(required) < 2:
        return find_issues(resource, required, resolve=resolve)
    tried = [find_issues(resource, (profile,), resolve=resolve) for profile in required]
    return next((issues for issues in tried if not _has_error(issues)), tried[0])


def accept_for_create(
    content: Any, type: str, engine: Engine, *, with_warnings: bool = False, reader: Reader | None = None
) -> AcceptedResource:
    """As `accept_resource`, without the client's id: the server assigns another."""
    return accept_resource(without_id(content), type, engine, with_warnings=with_warnings, reader=reader)


def without_id(content: Any) -> Any:
    """The content without its id, which a create ignores."""
    if isinstance(content, dict) and "id" in content:
        return {name: value for name, value in content.items() if name != "id"}
    return content


def accept_bundled(
    content: Any, type: str, engine: Engine, *, with_warnings: bool = False
) -> AcceptedResource:
    """As `accept_resource`, for a resource of a Bundle that has been validated as a whole.

    That validation covered the resource and its references. Left to check is what it does not know: the type
    in the request's URL, and the profiles that the server requires of that type.
    """
    needs_all_checks = (
        content is None or content["resourceType"] != type or engine.required_profiles.get(type)
    )
    if needs_all_checks or with_warnings:
        return accept_resource(content, type, engine, with_warnings=with_warnings)
    _check_not_subsetted(content)
    return AcceptedResource(content, ())


def check_id(id: str) -> None:
    """Raise `InvalidRequest` for a malformed logical id."""
    if not _ID.fullmatch(id):
        raise InvalidRequest.of(messages.BAD_ID(id=id))


def check_same_id(resource: Resource, id: str) -> None:
    """Raise `InvalidRequest` unless the body has the id of the URL."""
    given = resource.get("id")
    location = f"{resource['resourceType']}.id"
    if given is None:
        raise InvalidRequest.of(messages.NO_ID(id=id), location)
    if given != id:
        raise InvalidRequest.of(messages.OTHER_ID(given=given, id=id), location)
