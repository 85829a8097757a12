"""One call of a terminology operation: the server's terminology with the request's resources and versions.

https://hl7.org/fhir/R4/terminology-service.html
"""

from typing import Any

from fhir_server.codes.issues import tx_error
from fhir_server.codes.languages import Languages, is_language_list, parse_languages
from fhir_server.codes.terminology import Terminology
from fhir_server.codes.view import ValueSet, Versions, View, supplements_of
from fhir_server.core import json
from fhir_server.core.reference import with_version
from fhir_server.core.request import FhirRequest
from fhir_server.errors import InvalidRequest, Unprocessable
from fhir_server.extension import Engine
from fhir_server.interactions.read import read
from fhir_server.operations.terminology import messages
from fhir_server.operations.terminology.context import bound_value_set
from fhir_server.operations.terminology.inputs import Inputs, Kind, Resource

VERSION_PARAMETERS = ("system-version", "check-system-version", "force-system-version")

CALL_PARAMETERS: dict[str, Kind] = {
    "system-version": "text",
    "check-system-version": "text",
    "force-system-version": "text",
    "default-valueset-version": "text",
    "useSupplement": "text",
    "displayLanguage": "text",
    "tx-resource": "resource",
    "default-to-latest-version": "flag",
    "cache-id": "text",
    "diagnostics": "flag",
    "uuid": "text",
    "incomplete-ok": "flag",
    "limitedExpansion": "flag",
}
"""Parameters that every operation on codes accepts. The last six have no effect here: they are for servers
that choose no version themselves, cache resources, return diagnostics, or limit expansions.
"""


class TerminologyCall:
    """One call, with its view of the terminology."""

    def __init__(self, request: FhirRequest, engine: Engine, inputs: Inputs) -> None:
        self._request = request
        self._engine = engine
        self.inputs = inputs
        sent = inputs.all("tx-resource")
        self.terminology: Terminology = engine.codes.with_resources(sent)
        asked = inputs.text("displayLanguage")
        if asked and not is_language_list(asked):
            text = messages.BAD_LANGUAGE(value=asked)
            raise tx_error(InvalidRequest, text, "processing", "http.displayLanguage", kind="invalid-display")
        self.display_language = asked or " ".join(request.accept_language.split())
        self._versions = _versions(inputs)

    @property
    def languages(self) -> Languages:
        """The requested languages of displays."""
        return parse_languages(self.display_language)

    def view(self, supplements: tuple[str, ...] = ()) -> View:
        """The code systems and value sets in the versions and with the supplements of the request."""
        wanted = dict.fromkeys((*self.inputs.all("useSupplement"), *supplements))
        return self.terminology.view(self._versions, tuple(wanted))

    def instance(self) -> Resource | None:
        """The resource in the path; None at type level. Raises `NotFound` or `Gone`."""
        if len(self._request.path) < 3:
            return None
        type, id, _ = self._request.path
        asked = FhirRequest("GET", (type, id), self._request.base_url)
        body = read(asked, self._engine, self._engine.store).body
        found: dict[str, Any] = json.parse_own(body or b"{}")
        return found

    def code_system(self) -> str | None:
        """The canonical URL of the CodeSystem in the path; None at type level.

        Raises `NotFound`, `Gone`, or `Unprocessable` for one without a URL.
        """
        instance = self.instance()
        if instance is None:
            return None
        if "url" not in instance:
            raise Unprocessable.of(messages.NO_URL(), "CodeSystem.url")
        canonical = versioned(instance["url"], instance.get("version"))
        if self.terminology.registry.canonical(canonical, "CodeSystem") != instance:
            self.terminology = self.terminology.with_resources([instance])
        return canonical

    def value_set(self) -> tuple[View, ValueSet]:
        """The value set of the request, and its view.

        Displays are in its language where the request asks for none.
        """
        view, value_set = self._value_set()
        if not self.display_language:
            self.display_language = value_set.language
        return view, value_set

    def _value_set(self) -> tuple[View, ValueSet]:
        instance, inline, url = self.instance(), self.inputs.content("valueSet"), self.inputs.text("url")
        context = self.inputs.text("context")
        named_otherwise = inline and url and url.partition("|")[0] != inline.get("url")
        named_twice = (instance is not None and (inline or url)) or (context and (instance or inline or url))
        if named_otherwise or named_twice:
            raise InvalidRequest.of(messages.ONE_OF(names="id, valueSet, url, context"))
        if context is not None:
            return self._from_canonical(bound_value_set(self.terminology.registry, context))
        if inline is not None:
            return self._from_resource(inline)
        if instance is not None:
            canonical = versioned(str(instance.get("url", "")), instance.get("version"))
            known = self.terminology.registry.canonical(canonical, "ValueSet") == instance
            return self._from_canonical(canonical) if known else self._from_resource(instance)
        if url is None:
            raise InvalidRequest.of(messages.VALUE_SET_NEEDED())
        version = self.inputs.text("valueSetVersion")
        return self._from_canonical(versioned(url, version))

    def _from_resource(self, resource: Resource) -> tuple[View, ValueSet]:
        view = self.view(supplements_of(resource))
        return view, view.value_set_from(resource)

    def _from_canonical(self, canonical: str) -> tuple[View, ValueSet]:
        """The value set with a canonical URL, and its view; cached from earlier calls."""
        plain = self.view()
        found = plain.value_set(canonical)
        needed = supplements_of(found.resource)
        if not needed:
            return plain, found
        view = self.view(needed)
        return view, view.value_set(canonical)


def _versions(inputs: Inputs) -> Versions:
    default, check, force = ({} for _ in VERSION_PARAMETERS)  # type: ignore[var-annotated]
    value_sets: dict[str, str] = {}
    chosen_by = (default, check, force, value_sets)
    for name, chosen in zip((*VERSION_PARAMETERS, "default-valueset-version"), chosen_by, strict=True):
        for value in inputs.all(name):
            system, bar, version = value.rpartition("|")
            if not bar or not system or not version:
                text = messages.BAD_VERSION_PARAMETER(name=name, value=value)
                raise InvalidRequest.of(text, f"http.{name}")
            chosen[system] = version
    return Versions(default, check, force, value_sets)


def versioned(url: str, version: str | None) -> str:
    """`url|version`, or the URL alone, which may include a version."""
    return with_version(url, version if "|" not in url else None)
