"""Whether two claims of a sequence bill the same.

https://hl7.org/fhir/R4/claim.html
"""

from typing import Any

from fhir_server.core import json
from fhir_server.extension import Resource
from mappings.sesame.guide import Guide
from mappings.sesame.pathway.reading import has_code

NOT_BILLED = frozenset({"id", "identifier", "meta", "status", "related"})
"""What may differ although the same is billed: the number of a claim, and what became of it."""


def bills_the_same(one: Resource, other: Resource) -> bool:
    """Whether two claims say the same, but for their numbers and what became of them. Amounts are compared as
    numbers: 608, 608.0 and 608.00 are one.
    """
    return _billed(one) == _billed(other)


def needs_no_correction(guide: Guide, one: Resource, other: Resource) -> bool:
    """Whether two claims bill the same sequence at the same price, by and to the same. It is no reason to
    cancel what was billed, and perhaps paid, that a nurse has moved to another site, that a name is written
    otherwise, or that claims are now dated by the end of their sequences.
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
    """The same with decimals for numbers, which are equal when their amounts are."""
    if isinstance(value, dict):
        return {name: _with_decimals(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_with_decimals(member) for member in value]
    return json.decimal(value) if json.is_number(value) else value


def _comparable(claim: Resource) -> object:
    return _without_displays(_billed(claim))


def _without_displays(value: Any) -> object:
    """The same with nothing of an identifier but its system and value, and no display beside a reference or a
    code.
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
