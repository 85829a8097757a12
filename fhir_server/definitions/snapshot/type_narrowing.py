"""Narrowing the types of an element: to fewer types, derived types, profiles and target profiles.

https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.type
"""

from typing import Any

from fhir_server.definitions.elements import type_url
from fhir_server.definitions.snapshot import messages
from fhir_server.definitions.snapshot.type_hierarchy import TypeHierarchy, fhir_code
from fhir_server.issues import Text

Json = dict[str, Any]
ANY_RESOURCE = type_url("Resource")


def narrowed_types(
    base: list[Json], stated: list[Json], hierarchy: TypeHierarchy
) -> tuple[list[Json], list[tuple[str, Text]]]:
    """The narrowed types, and the problems of the stated ones."""
    made: list[Json] = []
    problems: list[tuple[str, Text]] = []
    for index, type in enumerate(stated):
        code = fhir_code(type)
        allowed = _allowed(type, base, hierarchy)
        if allowed is None:
            text = messages.TYPE_WIDENED if hierarchy.is_type(type["code"]) else messages.UNKNOWN_TYPE
            of_the_base = ", ".join(fhir_code(base_type) for base_type in base)
            problems.append((f".type[{index}].code", text(type=code, stated=code, base=of_the_base)))
            continue
        problems += _target_problems(index, type, allowed, hierarchy)
        made.append(_joined(type, allowed))
    return made, problems


def _allowed(type: Json, base: list[Json], hierarchy: TypeHierarchy) -> Json | None:
    """The type of the base that allows the stated type, with all its profiles and targets; None if none does.

    An id may have the type System.String, as in HL7's own definitions.
    """
    code = fhir_code(type)
    same = [
        base_type for base_type in base if code == fhir_code(base_type) or type["code"] == base_type["code"]
    ]
    found = same or [base_type for base_type in base if hierarchy.is_a(code, fhir_code(base_type))]
    if not found:
        return None
    allowed = dict(found[0])
    for name in ("profile", "targetProfile"):
        if all(name in base_type for base_type in found):
            allowed[name] = [url for base_type in found for url in base_type[name]]
        else:
            allowed.pop(name, None)
    return allowed


def _joined(type: Json, allowed: Json) -> Json:
    """The stated type with the inherited profiles and targets that it does not restate; System types stay
    unchanged.
    """
    if fhir_code(allowed) != allowed["code"]:
        return allowed
    inherited = ("profile", "targetProfile") if type["code"] == allowed["code"] else ()
    return {**{name: allowed[name] for name in inherited if name in allowed}, **type}


def _target_problems(
    index: int, type: Json, allowed: Json, hierarchy: TypeHierarchy
) -> list[tuple[str, Text]]:
    """Problems of stated targets that the base does not allow; undecidable ones pass."""
    before = frozenset(url.partition("|")[0] for url in allowed.get("targetProfile", ()))
    if not before or ANY_RESOURCE in before or not all(map(hierarchy.is_known, before)):
        return []
    return [
        (
            f".type[{index}].targetProfile[{place}]",
            messages.TARGET_WIDENED(stated=url, base=", ".join(sorted(before))),
        )
        for place, url in enumerate(type.get("targetProfile", ()))
        if hierarchy.derives(url, before) is False
    ]
