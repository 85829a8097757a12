"""Acceptance of a resource that a client sends: of the right type, sound, and true to its profiles.

https://hl7.org/fhir/R4/validation.html
"""

import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from fhir_server.errors import InvalidRequest, MalformedContent, Unprocessable
from fhir_server.extension import Engine, Resource
from fhir_server.interactions import messages
from fhir_server.interactions.resolving import Resolver, canonical_resolver
from fhir_server.interactions.subset import SUBSETTED
from fhir_server.issues import Issue
from fhir_server.store.port import Reader

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


class Accepted(Struct, frozen=True):
    """A resource that may be written, and what is to be said of it all the same, where somebody reads it."""

    resource: Resource
    warnings: tuple[Issue, ...]


def accepted(
    content: Any, type: str, engine: Engine, *, with_warnings: bool = False, reader: Reader | None = None
) -> Accepted:
    """`content` as a resource of `type`. Raises, with every problem found, `MalformedContent` for one of
    structure, and `Unprocessable` for one of rules, of profiles that it claims or of those required.

    Warnings cost more to find than errors: they are looked for where they are wanted, or where it is refused.
    What it refers to is read from the store, or, inside a unit of work, from that as the `reader`.
    """
    if content is None:
        raise InvalidRequest.of(messages.BODY_NEEDED(type=type))
    issues = engine.validator.structure(content)
    if _refuse(issues):
        raise MalformedContent(*issues)
    if content["resourceType"] != type:
        given = content["resourceType"]
        raise InvalidRequest.of(messages.WRONG_TYPE(given=given, type=type), f"{given}.resourceType")
    _check_whole(content)
    resolve = canonical_resolver(reader or engine.store)
    if not with_warnings and not _conformance(content, engine, engine.validator.errors, resolve):
        return Accepted(content, ())
    issues += _conformance(content, engine, engine.validator.conformance, resolve)
    if _refuse(issues):
        raise Unprocessable(*issues)
    return Accepted(content, tuple(issues))


def _check_whole(resource: Resource) -> None:
    """Raises `Unprocessable` for what a summary left of a resource: to store it would lose the rest.

    https://hl7.org/fhir/R4/search.html#summary
    """
    for index, tag in enumerate(resource.get("meta", {}).get("tag", ())):
        if tag.get("system") == SUBSETTED["system"] and tag.get("code") == SUBSETTED["code"]:
            place = f"{resource['resourceType']}.meta.tag[{index}]"
            raise Unprocessable.of(messages.ONLY_A_PART(), place)


def _refuse(issues: list[Issue]) -> bool:
    return any(issue.fails for issue in issues)


def _conformance(
    resource: Resource, engine: Engine, judge: Callable[..., list[Issue]], resolve: Resolver
) -> list[Issue]:
    """What is wrong beyond structure; of several profiles required of the type, by the one that fits."""
    required = engine.required_profiles.get(resource["resourceType"], ())
    if len(required) < 2:
        return judge(resource, required, resolve=resolve)
    tried = [judge(resource, (profile,), resolve=resolve) for profile in required]
    return next((issues for issues in tried if not _refuse(issues)), tried[0])


def accepted_for_create(
    content: Any, type: str, engine: Engine, *, with_warnings: bool = False, reader: Reader | None = None
) -> Accepted:
    """As `accepted`, with the client's id left out: a create gives an id of its own, whatever that one is."""
    return accepted(without_id(content), type, engine, with_warnings=with_warnings, reader=reader)


def without_id(content: Any) -> Any:
    """The content of a create, to which the client's id says nothing."""
    if isinstance(content, dict) and "id" in content:
        return {name: value for name, value in content.items() if name != "id"}
    return content


def accepted_within(content: Any, type: str, engine: Engine, *, with_warnings: bool = False) -> Accepted:
    """As `accepted` says of a resource of a Bundle that was accepted whole, and its resources with it.

    They were then judged with what they refer to at hand, so that all that is left to ask is what the Bundle
    knows nothing of: the type that the request is for, and the profiles that are required of it.
    """
    unknown = content is None or content["resourceType"] != type or engine.required_profiles.get(type)
    if unknown or with_warnings:
        return accepted(content, type, engine, with_warnings=with_warnings)
    _check_whole(content)
    return Accepted(content, ())


def check_id(id: str) -> None:
    """Raises `InvalidRequest` for what is no logical id."""
    if not _ID.fullmatch(id):
        raise InvalidRequest.of(messages.BAD_ID(id=id))


def check_same_id(resource: Resource, id: str) -> None:
    """Raises `InvalidRequest` unless the body names the id of the URL."""
    given = resource.get("id")
    location = f"{resource['resourceType']}.id"
    if given is None:
        raise InvalidRequest.of(messages.NO_ID(id=id), location)
    if given != id:
        raise InvalidRequest.of(messages.OTHER_ID(given=given, id=id), location)
