"""Resolvers of references and canonicals to resources in the store.

https://hl7.org/fhir/R4/references.html
"""

from collections.abc import Callable

from fhir_server.core import json
from fhir_server.core.reference import parse_canonical, parse_reference
from fhir_server.extension import Resource
from fhir_server.search.ast import Match, SearchQuery, UriValue
from fhir_server.store.port import Reader

Resolver = Callable[[str], Resource | None]

BY_CANONICAL = ("Questionnaire",)
"""Types that are referred to by canonical url, but are not in the registry."""
VERSIONS_MAX = 50


def resolver(reader: Reader, base_url: str) -> Resolver:
    """A resolver with a cache: local references by id, others by canonical url."""
    known: dict[str, Resource | None] = {}
    by_canonical = canonical_resolver(reader)

    def resolve(text: str) -> Resource | None:
        if text not in known:
            reference = parse_reference(text, base_url)
            is_local = reference.kind == "local"
            known[text] = _local(reader, reference.type, reference.id) if is_local else by_canonical(text)
        return known[text]

    return resolve


def canonical_resolver(reader: Reader) -> Resolver:
    """A resolver by canonical url: the named version, or else the one written last."""

    def resolve(text: str) -> Resource | None:
        reference = parse_reference(text)
        # a urn is what the entries of a Bundle call each other by
        if reference.kind != "absolute" or reference.type not in ("", *BY_CANONICAL):
            return None
        canonical = parse_canonical(text)
        of_url = Match("url", "uri", (UriValue(canonical.url),))
        query = SearchQuery(BY_CANONICAL, (of_url,), count=VERSIONS_MAX, total="none")
        found = sorted(reader.search(query).matches, key=lambda match: match.sequence, reverse=True)
        resources: list[Resource] = [json.parse(match.body) for match in found]
        fitting = (resource for resource in resources if canonical.version in ("", resource.get("version")))
        return next(fitting, None)

    return resolve


def _local(reader: Reader, type: str, id: str) -> Resource | None:
    stored = reader.read(type, id)
    if stored is None or stored.deleted:
        return None
    content: Resource = json.parse(stored.body)
    return content
