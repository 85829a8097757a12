"""The types of an element, narrowed: fewer types, types that derive from them, profiles and targets.

https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.type
"""

from typing import Any

from fhir_server.definitions.elements import type_url
from fhir_server.definitions.snapshot import messages
from fhir_server.definitions.snapshot.type_hierarchy import TypeLine, fhir_code
from fhir_server.issues import Text

Json = dict[str, Any]
ANY_RESOURCE = type_url("Resource")


def narrowed_types(
    base: list[Json], stated: list[Json], line: TypeLine
) -> tuple[list[Json], list[tuple[str, Text]]]:
    """The types that remain, and what is wrong with those stated."""
    made: list[Json] = []
    problems: list[tuple[str, Text]] = []
    for index, type in enumerate(stated):
        code = fhir_code(type)
        allowed = _allowed(type, base, line)
        if allowed is None:
            text = messages.TYPE_WIDENED if line.is_type(type["code"]) else messages.UNKNOWN_TYPE
            of_the_base = ", ".join(fhir_code(base_type) for base_type in base)
            problems.append((f".type[{index}].code", text(type=code, stated=code, base=of_the_base)))
            continue
        problems += _target_problems(index, type, allowed, line)
        made.append(_joined(type, allowed))
    return made, problems


def _allowed(type: Json, base: list[Json], line: TypeLine) -> Json | None:
    """All that the base allows of what a type stated is: its profiles and targets.

    An id may be stated as HL7's definitions have it, which call every id a FHIRPath string.
    """
    code = fhir_code(type)
    same = [
        base_type for base_type in base if code == fhir_code(base_type) or type["code"] == base_type["code"]
    ]
    found = same or [base_type for base_type in base if line.is_a(code, fhir_code(base_type))]
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
    """The type stated, with what it does not say again; a type that FHIRPath names stays as it is."""
    if fhir_code(allowed) != allowed["code"]:
        return allowed
    inherited = ("profile", "targetProfile") if type["code"] == allowed["code"] else ()
    return {**{name: allowed[name] for name in inherited if name in allowed}, **type}


def _target_problems(index: int, type: Json, allowed: Json, line: TypeLine) -> list[tuple[str, Text]]:
    """The targets stated that are none of the base's; what cannot be told from what is known here passes."""
    before = frozenset(url.partition("|")[0] for url in allowed.get("targetProfile", ()))
    if not before or ANY_RESOURCE in before or not all(map(line.is_known, before)):
        return []
    return [
        (
            f".type[{index}].targetProfile[{place}]",
            messages.TARGET_WIDENED(stated=url, base=", ".join(sorted(before))),
        )
        for place, url in enumerate(type.get("targetProfile", ()))
        if line.derives(url, before) is False
    ]
