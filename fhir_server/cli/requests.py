"""Requests of a command to the server in its own process.

https://hl7.org/fhir/R4/http.html
"""

from typing import Any

from fhir_server import bootstrap
from fhir_server.core.request import FhirRequest, Preferences
from fhir_server.settings import Settings

FHIR_JSON = "application/fhir+json"


def base_url(settings: Settings) -> str:
    """The FHIR base as seen from this machine."""
    if settings.base_url:
        return settings.base_url
    host = settings.host if bootstrap.is_loopback(settings.host) else "127.0.0.1"
    return f"http://[{host}]:{settings.port}/fhir" if ":" in host else f"http://{host}:{settings.port}/fhir"


def write_request(
    settings: Settings, content: Any, method: str = "POST", path: tuple[str, ...] = ()
) -> FhirRequest:
    """A request that writes `content`, by default a Bundle, with a minimal response."""
    return FhirRequest(
        method=method,
        path=path,
        base_url=base_url(settings),
        content=content,
        content_type=FHIR_JSON,
        preferences=Preferences(returns="minimal"),
    )
