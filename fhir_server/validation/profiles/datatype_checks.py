"""Checks of URIs, identifiers, quantities, periods, attachments and references beyond the primitive formats.

They only warn on a write; $validate reports them as errors.
https://hl7.org/fhir/R4/datatypes.html
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha1
from typing import Any

from fhir_server.core import ucum
from fhir_server.core.reference import ID, is_absolute
from fhir_server.definitions.registry import Registry
from fhir_server.issues import Text
from fhir_server.validation.fhirpath.date_times import compare_date_times
from fhir_server.validation.findings import Finding, Findings, excerpt
from fhir_server.validation.primitives import OID, UUID, is_base64
from fhir_server.validation.profiles import messages
from fhir_server.validation.profiles.bindings import QUANTITY_TYPES
from fhir_server.validation.profiles.context import ValidationContext
from fhir_server.validation.profiles.value_checks import ValueCheck

URIS = frozenset({"uri", "url", "canonical"})
CHECKED_WITH_THEIR_TYPE = frozenset(
    {"Coding.system", "Extension.url", "Identifier.system", "Quantity.system"}
)
"""URIs that are checked with the object that holds them, so that these frequent elements are checked once."""
_UNITS_CACHE_MAX = 1024
_URI_SYSTEM = "urn:ietf:rfc:3986"
_URNS = ("urn:oid:", "urn:uuid:", "oid:", "uuid:")
_is_urn = re.compile(rf"{OID}|{UUID}(?:[#|].*)?").fullmatch
_is_of_server = re.compile(rf"[A-Z][A-Za-z]+/{ID}(?:\|\S*)?").fullmatch


def malformed_urn(uri: str, where: str) -> Findings:
    """The finding, at `where` in a value, for a URI that is a malformed OID or UUID."""
    if not uri.startswith(_URNS) or _is_urn(uri):
        return None
    return [_warning("uri-form", messages.URN_FORM(value=excerpt(uri)), where)]


def uri_check(value: Any, _: ValidationContext) -> Findings:
    """Check that a URI that is an OID or a UUID is well formed."""
    return malformed_urn(value, "") if type(value) is str else None


def canonical_check(value: Any, context: ValidationContext) -> Findings:
    """Check that a canonical is an absolute URI, or refers to a contained resource."""
    if type(value) is not str or value.startswith("#") or is_absolute(value):
        return uri_check(value, context)
    # HL7's own examples write Type/id, which a server can resolve: no more than a warning
    key = None if _is_of_server(value) else "canonical-absolute"
    return [_warning(key, messages.CANONICAL_RELATIVE(value=excerpt(value)))]


def _identifier(value: Any, _: ValidationContext) -> Findings:
    system, given = value.get("system"), value.get("value")
    if type(system) is not str:
        return None
    if not is_absolute(system):
        text = messages.IDENTIFIER_SYSTEM(system=excerpt(system))
        return [_warning("identifier-system", text, ".system")]
    if (found := malformed_urn(system, ".system")) is not None:
        return found
    if system == _URI_SYSTEM and type(given) is str and not is_absolute(given):
        return [_warning("identifier-uri", messages.IDENTIFIER_URI(value=excerpt(given)), ".value")]
    return None


def _attachment(value: Any, _: ValidationContext) -> Findings:
    data, size, stated = value.get("data"), value.get("size"), value.get("hash")
    if type(data) is not str or not is_base64(data) or (size is None and stated is None):
        return None
    found: list[Finding] = []
    content = b64decode(data)
    if type(size) is int and size != len(content):
        text = messages.ATTACHMENT_SIZE(size=size, found=len(content))
        found.append(_warning("attachment-size", text, ".size"))
    hash_of_content = b64encode(sha1(content, usedforsecurity=False).digest()).decode()
    if type(stated) is str and "".join(stated.split()) != hash_of_content:
        text = messages.ATTACHMENT_HASH(found=hash_of_content)
        found.append(_warning("attachment-hash", text, ".hash"))
    return found or None


def _period(value: Any, _: ValidationContext) -> Findings:
    """Check that the precisions of start and end let FHIRPath compare them, which per-1 does."""
    start, end = value.get("start"), value.get("end")
    if type(start) is not str or type(end) is not str or compare_date_times(start, end) is not None:
        return None
    text = messages.PERIOD_UNORDERED(start=excerpt(start), end=excerpt(end))
    return [Finding("invariant", text, "", "per-1", "warning")]


def _reference(value: Any, context: ValidationContext) -> Findings:
    if value.get("reference") != "#" or context.resource is not context.scope.root:
        return None
    return [_warning("reference-self", messages.REFERENCE_SELF(), ".reference")]


def _quantity_check(registry: Registry) -> ValueCheck:
    """The check of a quantity: its system, and its code if the system is UCUM."""
    units = registry.code_system(ucum.SYSTEM)
    is_unit = lru_cache(maxsize=_UNITS_CACHE_MAX)(units.has if units is not None else lambda _: None)

    def check(value: Any, _: ValidationContext) -> Findings:
        system, code = value.get("system"), value.get("code")
        if type(system) is not str or (system == ucum.SYSTEM and type(code) is not str):
            return None
        if system == ucum.SYSTEM:
            if is_unit(code) is not False:
                return None
            return [_warning("unit", messages.UNIT_UNKNOWN(code=excerpt(code)), ".code")]
        if is_absolute(system):
            return malformed_urn(system, ".system")
        return [_warning("quantity-system", messages.IDENTIFIER_SYSTEM(system=excerpt(system)), ".system")]

    return check


def type_checks(registry: Registry) -> Mapping[str, ValueCheck]:
    """The checks by data type."""
    check_quantity = _quantity_check(registry)
    return {
        "Attachment": _attachment,
        "Identifier": _identifier,
        "Period": _period,
        "Reference": _reference,
        **dict.fromkeys(QUANTITY_TYPES, check_quantity),
    }


def _warning(key: str | None, text: Text, where: str = "") -> Finding:
    return Finding("value", text, where, key, "warning")
