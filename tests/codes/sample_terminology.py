"""Sample code systems, value sets and concept maps; all are fictional."""

from typing import Any

ROOT = "https://example.org/fhir"
CARE = f"{ROOT}/CodeSystem/care"
LOOSE = f"{ROOT}/CodeSystem/loose"
FRAGMENT = f"{ROOT}/CodeSystem/fragment"
UNKNOWN = f"{ROOT}/CodeSystem/unknown"

Resource = dict[str, Any]


def french(value: str, **more: Any) -> Resource:
    return {"language": "fr", "value": value, **more}


CONCEPTS: list[Resource] = [
    {
        "code": "contact",
        "display": "Contact",
        "definition": "Any meeting",
        "property": [{"code": "notSelectable", "valueBoolean": True}],
        "concept": [
            {
                "code": "visit",
                "display": "Visit",
                "designation": [french("Visite"), {"language": "de", "value": "Besuch"}],
                "property": [
                    {"code": "place", "valueCode": "office"},
                    {"code": "minutes", "valueInteger": 30},
                ],
                "concept": [
                    {
                        "code": "home-visit",
                        "display": "Home visit",
                        "designation": [french("Visite à domicile")],
                    }
                ],
            },
            {
                "code": "call",
                "display": "Call",
                "designation": [french("Appel")],
                "property": [
                    {"code": "place", "valueCode": "remote"},
                    {"code": "minutes", "valueInteger": 10},
                ],
            },
        ],
    },
    {"code": "letter", "display": "Letter", "property": [{"code": "status", "valueCode": "retired"}]},
    {"code": "telegram", "display": "Telegram", "property": [{"code": "status", "valueCode": "deprecated"}]},
]


def code_system(url: str = CARE, **more: Any) -> Resource:
    return {
        "resourceType": "CodeSystem",
        "url": url,
        "version": "1.0.0",
        "name": "Care",
        "status": "active",
        "language": "en",
        "content": "complete",
        "caseSensitive": True,
        "property": [
            {"code": "place", "type": "code", "uri": f"{ROOT}/property/place"},
            {"code": "minutes", "type": "integer"},
        ],
        "concept": CONCEPTS,
        **more,
    }


def value_set(name: str, *include: Resource, exclude: Any = (), **more: Any) -> Resource:
    compose = {"include": list(include), **({"exclude": list(exclude)} if exclude else {})}
    return {
        "resourceType": "ValueSet",
        "url": f"{ROOT}/ValueSet/{name}",
        "version": "1.0.0",
        "name": name,
        "status": "active",
        "compose": compose,
        **more,
    }


def url(name: str) -> str:
    return f"{ROOT}/ValueSet/{name}"


def filtered(property: str, op: str, value: str, system: str = CARE) -> Resource:
    return {"system": system, "filter": [{"property": property, "op": op, "value": value}]}


def listed(system: str, *codes: str) -> Resource:
    return {"system": system, "concept": [{"code": code} for code in codes]}


RESOURCES: tuple[Resource, ...] = (
    code_system(),
    code_system(
        LOOSE,
        caseSensitive=False,
        version="2.0.0",
        concept=[{"code": "Alpha", "display": "A"}, {"code": "Beta", "display": "B"}],
    ),
    code_system(FRAGMENT, content="fragment", concept=[{"code": "F32.1", "display": "Moderate episode"}]),
    value_set("all", {"system": CARE}),
    value_set("visits", filtered("concept", "is-a", "visit")),
    value_set("remote", filtered("place", "=", "remote")),
    value_set(
        "listed", {"system": CARE, "concept": [{"code": "call", "display": "Phone call"}, {"code": "visit"}]}
    ),
    value_set("loose", {"system": LOOSE}),
    value_set("part", {"system": FRAGMENT}),
    value_set("elsewhere", {"system": UNKNOWN}),
    value_set("elsewhere-listed", listed(UNKNOWN, "x")),
    value_set("both", {"valueSet": [url("all"), url("visits")]}),
    value_set("not-visits", {"system": CARE}, exclude=[{"valueSet": [url("visits")]}]),
    value_set("mixed", {"system": CARE}, {"system": LOOSE}),
    value_set("ring-1", {"valueSet": [url("ring-2")]}),
    value_set("ring-2", {"valueSet": [url("ring-1")]}),
    value_set("broken", filtered("concept", "is-a", "")),
    value_set("lost", {"valueSet": [url("nowhere")]}),
)
