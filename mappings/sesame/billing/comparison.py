"""Compares claims: whether two claims of a sequence bill the same.

https://hl7.org/fhir/R4/claim.html
"""

from typing import Any

from fhir_server.core import json
from fhir_server.extension import Resource
from mappings.sesame.guide import Guide
from mappings.sesame.pathway.reading import has_code

NOT_BILLED = frozenset({"id", "identifier", "meta", "status", "related"})
"""Elements that may differ between claims that bill the same: number, status and links."""


def bills_the_same(one: Resource, other: Resource) -> bool:
    """Whether two claims are equal except for `NOT_BILLED`. Amounts are compared as numbers: 608 = 608.00."""
    return _billed(one) == _billed(other)


def needs_no_correction(guide: Guide, one: Resource, other: Resource) -> bool:
    """Whether two claims bill the same sequence at the same price between the same parties.

    A claim that was billed, and perhaps paid, is not cancelled because the nurse moved to another site, a
    name is spelled differently, or claims are now dated by the end of their sequences.
    """
    return _comparable(_essential(guide, one)) == _comparable(_essential(guide, other))


def _essential(guide: Guide, claim: Resource) -> Resource:
    """A claim without its site and its date."""
    kinds = guide.canonical("CodeSystem", "sesame-claim-information")
    told: list[Resource] = claim.get("supportingInfo", [])
    kept = [one for one in told if not has_code([one.get("category", {})], kinds, "site")]
    return {name: claim[name] for name in claim.keys() - {"created"}} | {"supportingInfo": kept}


def _billed(claim: Resource) -> object:
    return _with_decimals({name: claim[name] for name in claim.keys() - NOT_BILLED})


def _with_decimals(value: Any) -> object:
    """A copy with decimals for numbers, so that equal amounts compare equal."""
    if isinstance(value, dict):
        return {name: _with_decimals(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_with_decimals(member) for member in value]
    return json.decimal(value) if json.is_number(value) else value


def _comparable(claim: Resource) -> object:
    return _without_displays(_billed(claim))


def _without_displays(value: Any) -> object:
    """A copy in which identifiers are reduced to system and value, and references and codes have
    no display.
    """
    if isinstance(value, list):
        return [_without_displays(member) for member in value]
    if not isinstance(value, dict):
        return value
    if value.keys() >= {"system", "value"}:
        return value["system"], value["value"]
    shown = value.keys() & {"reference", "code"}
    return {
        name: _without_displays(member) for name, member in value.items() if not (shown and name == "display")
    }
