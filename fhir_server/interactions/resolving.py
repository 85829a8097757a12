"""What references and canonicals lead to, as far as the store knows.

https://hl7.org/fhir/R4/references.html
"""

from collections.abc import Callable

from fhir_server.core import json
from fhir_server.core.reference import parse_canonical, parse_reference
from fhir_server.extension import Resource
from fhir_server.search.ast import Match, SearchQuery, UriValue
from fhir_server.store.port import Reader

BY_CANONICAL = ("Questionnaire",)
"""Types that others name by their canonical url, and that are no definitions of the registry's."""
VERSIONS_MAX = 50


def resolver(reader: Reader, base_url: str) -> Callable[[str], Resource | None]:
    """Finds what is referred to: a resource of this server by its id, another by its canonical url."""

    def resolve(text: str) -> Resource | None:
        reference = parse_reference(text, base_url)
        if reference.kind == "local":
            stored = reader.read(reference.type, reference.id)
            found: Resource | None = json.parse(stored.body) if stored and not stored.deleted else None
            return found
        return _by_canonical(text, reader) if reference.kind in ("absolute", "urn") else None

    return resolve


def _by_canonical(text: str, reader: Reader) -> Resource | None:
    """The resource of that url, and of that version where one is named; of several the one written last."""
    canonical = parse_canonical(text)
    of_url = Match("url", "uri", (UriValue(canonical.url),))
    query = SearchQuery(BY_CANONICAL, (of_url,), count=VERSIONS_MAX, total="none")
    found = sorted(reader.search(query).matches, key=lambda match: match.sequence, reverse=True)
    resources: list[Resource] = [json.parse(match.body) for match in found]
    fitting = (one for one in resources if canonical.version in ("", one.get("version")))
    return next(fitting, None)
