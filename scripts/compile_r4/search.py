"""Search parameters and compartments.

https://hl7.org/fhir/R4/searchparameter.html
"""

from typing import Any

Json = dict[str, Any]


def search_parameter_fact(parameter: Json, resource_types: set[str]) -> Json:
    """One search parameter; components are pairs of definition and expression.

    The target `*` means every type except Parameters, which has no URL of its own.
    """
    fact = {name: parameter.get(name) for name in ("code", "name", "type", "base", "expression", "target")}
    if set(fact["target"] or ()) == resource_types - {"Parameters"}:
        fact["target"] = "*"
    fact["components"] = [[part["definition"], part["expression"]] for part in parameter.get("component", ())]
    fact["modifiers"] = parameter.get("modifier")
    fact["comparators"] = parameter.get("comparator")
    fact["description"] = " ".join(parameter["description"].split())
    fact = {name: value for name, value in fact.items() if value}
    for name, key in (("multiple_or", "multipleOr"), ("multiple_and", "multipleAnd")):
        if parameter.get(key) is False:
            fact[name] = False
    return fact


def is_usable(parameter: Json) -> bool:
    """Whether the parameter applies to a type and is not an example."""
    return "base" in parameter and not parameter["id"].startswith("example")


def compartment_facts(compartment: Json) -> Json:
    """The parameters that put a resource of each type into the compartment."""
    return {member["code"]: member["param"] for member in compartment["resource"] if "param" in member}
