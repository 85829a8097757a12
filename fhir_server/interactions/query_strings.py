"""Query strings inside resources and headers: URLs of entries, criteria.

https://hl7.org/fhir/R4/http.html#transaction
"""

from urllib.parse import parse_qsl

from fhir_server.errors import InvalidRequest
from fhir_server.interactions import messages
from fhir_server.search.limits import PARAMETERS_READ_MAX, check_count


def parameters_of(query: str, url: str, *location: str) -> tuple[tuple[str, str], ...]:
    """The parameters of the query of a URL, decoded, in order; empty ones are kept.

    Raises `InvalidRequest` where they are not UTF-8, and `InvalidSearch` where there are far too many.
    """
    check_count(query.count("&"), PARAMETERS_READ_MAX, *location)
    try:
        return tuple(parse_qsl(query, keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError as error:
        raise InvalidRequest.of(messages.URL_NOT_UTF8(url=url), *location) from error
