"""Small worlds of resources whose values are few, and near boundaries, so that searches find some."""

from collections.abc import Callable, Mapping, Sequence, Set
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.search.oracle.times import period
from tests.search.oracle.tokens import CLINICAL

Maker = Callable[[Random], Any]
"""Makes a value; with the same random numbers the same one."""

ZONE = ZoneInfo("Europe/Paris")
BASE_URL = "https://fhir.example.org/fhir"
ELSEWHERE = "https://other.example.org/fhir"
UCUM = "http://unitsofmeasure.org"

IDS = ("a", "A", "b")
DAYS = (
    "2012-12-31", "2013", "2013-01", "2013-01-14", "2013-01-15", "2013-03-31", "2013-10-27", "2026-11",
    "1950-06", "9999-12-31",
)  # fmt: skip
MOMENTS = (
    "2013-01-13T23:30:00Z", "2013-01-14T00:00:00+01:00", "2013-01-14T10:00:00Z", "2013-01-14T10:00:00.500Z",
    "2013-01-14T23:59:59.999+01:00", "2013-01-14T23:00:00-05:00", "2013-03-31T01:59:59+01:00",
    "2013-03-31T01:00:00Z", "2013-10-27T02:30:00+02:00", "2013-10-27T02:30:00+01:00", "2026-11-21T11:00:00Z",
)  # fmt: skip
INSTANTS = ("2013-01-14T10:00:00Z", "2013-01-14T10:00:00.500Z", "2013-10-27T02:30:00+01:00")
NUMBERS = (
    "0", "5.4", "5.40", "5.35", "5.45", "5e0", "54e-1", "0.0054", "-5.4", "0.8", "0.80", "99.5", "100",
    "100.00", "100.49", "1e2", "105", "1000000000000000000000.5",
)  # fmt: skip
NAMES = (
    "Eve", "eve", "Évelyn", "Severine", "Jean-Pierre", "JEAN  PIERRE", "O'Brien", "Carreno Quiñones",
    "Quinones", "Cœur", "Mu\u0308ller", "Müller", "Straße", "Zoe Abel", "a,b", "x|y", "5$", "back\\slash",
    "100%_", "...",
)  # fmt: skip
CODES = ("a", "A", "ab", "x,y", "p|q$r")
SYSTEMS = ("http://codes.example.org/1", "urn:oid:1.2.3")
URLS = (
    "http://example.org/a", "http://example.org/a/b", "http://example.org/A", "http://example.org/a,b",
    "urn:oid:1.2.3", "urn:uuid:0a1b2c3d-0000-4000-8000-000000000000",
)  # fmt: skip
UNITS: tuple[dict[str, str], ...] = (
    {},
    {"unit": "mg"},
    {"system": UCUM, "code": "mg", "unit": "milligram"},
    {"system": UCUM, "code": "mg"},
    {"system": UCUM, "code": "g"},
    {"system": UCUM, "code": "kg", "unit": "kilo"},
    {"system": SYSTEMS[0], "code": "mg"},
    {"system": UCUM, "code": "Cel", "unit": "mg"},
)

POOL = 100
"""How many values of an element there are to draw from. Few draws make examples quick to find and shrink."""


def one(values: Sequence[Any]) -> Maker:
    return lambda random: random.choice(values)


def some(maker: Maker) -> Maker:
    return lambda random: [maker(random) for _ in range(random.choice((1, 1, 2)))]


def either(*makers: Maker) -> Maker:
    return lambda random: random.choice(makers)(random)


def members(**makers: Maker) -> Maker:
    """An object with some of the members, and at least one."""
    return lambda random: {
        name: makers[name](random) for name in random.sample(list(makers), random.randint(1, len(makers)))
    }


def both(**makers: Maker) -> Maker:
    """An object with all of the members."""
    return lambda random: {name: maker(random) for name, maker in makers.items()}


def merged(*makers: Maker) -> Maker:
    """An object with the members of all."""
    return lambda random: {name: value for maker in makers for name, value in maker(random).items()}


def choice(name: str, **types: Maker) -> Maker:
    """An object with one of the members that an element of several types may be."""
    return either(*(both(**{name + type: maker}) for type, maker in types.items()))


def kept(maker: Maker, condition: Callable[[Any], bool]) -> Maker:
    """A value that meets the condition."""

    def make(random: Random) -> Any:
        while not condition(value := maker(random)):
            pass
        return value

    return make


strings, codes, days, moments, uris = one(NAMES), one(CODES), one(DAYS), one(MOMENTS), one(URLS)
booleans = one((True, False))
decimals = one(tuple(map(Decimal, NUMBERS)))
canonicals = one((*URLS, *(f"{url}|1.0" for url in URLS)))
times = one((*DAYS, *MOMENTS))
periods = kept(members(start=times, end=times), lambda p: period(p, ZONE).low <= period(p, ZONE).high)
timings = members(
    event=some(times), repeat=merged(both(count=one((1,))), either(both(), both(boundsPeriod=periods)))
)
codings = members(system=one(SYSTEMS), code=codes, display=strings)
concepts = members(coding=some(codings), text=strings)
identifiers = members(system=one(SYSTEMS), value=codes, type=concepts)
clinical = both(system=one((CLINICAL,)), code=one(("active", "relapse", "inactive", "resolved", "other")))
contacts = both(system=one(("phone", "email")), value=codes)
simple_quantities = merged(both(value=decimals), one(UNITS))
quantities = either(
    simple_quantities,
    simple_quantities,
    merged(simple_quantities, both(comparator=one(("<", "<=", ">", ">=")))),
    one(UNITS[1:]),
)
ranges = kept(
    members(low=simple_quantities, high=simple_quantities),
    lambda r: "low" not in r or "high" not in r or r["low"]["value"] <= r["high"]["value"],
)
money = members(value=decimals, currency=one(("EUR", "CHF")))
names = members(family=strings, given=some(strings), prefix=some(strings), text=strings, use=one(("usual",)))
addresses = members(
    line=some(strings), city=strings, postalCode=codes, use=one(("home", "work")), text=strings
)
meta = members(tag=some(codings), security=some(codings), profile=some(canonicals), source=uris)


def references(*types: str) -> Maker:
    """References of every form to resources that may be there or not."""
    local = tuple(f"{type}/{id}" for type in types for id in IDS)
    text = either(
        one(local),
        one(local),
        one(local),
        one([f"{text}/_history/2" for text in local]),
        one([f"{BASE_URL}/{text}" for text in local]),
        one([f"{ELSEWHERE}/{text}" for text in local]),
    )
    return either(
        both(reference=text),
        both(reference=text, identifier=identifiers),
        both(identifier=identifiers, type=one(types)),
    )


subjects = references("Patient", "Group")
ELEMENTS: Mapping[str, Mapping[str, Maker]] = {
    "Patient": {
        "identifier": some(identifiers),
        "active": booleans,
        "name": some(names),
        "telecom": some(contacts),
        "gender": one(("male", "female", "unknown")),
        "birthDate": days,
        "address": some(addresses),
        "communication": some(both(language=concepts)),
        "generalPractitioner": some(references("Practitioner", "Organization")),
        "managingOrganization": references("Organization"),
        "deceased": choice("deceased", Boolean=booleans, DateTime=times),
    },
    "Practitioner": {
        "identifier": some(identifiers),
        "active": booleans,
        "name": some(names),
        "gender": one(("male", "female")),
    },
    "Organization": {
        "identifier": some(identifiers),
        "name": strings,
        "alias": some(strings),
        "type": some(concepts),
        "partOf": references("Organization"),
    },
    "Observation": {
        "identifier": some(identifiers),
        "status": one(("final", "amended")),
        "category": some(concepts),
        "code": concepts,
        "subject": subjects,
        "encounter": references("Encounter"),
        "performer": some(references("Practitioner", "Organization", "Patient")),
        "hasMember": some(references("Observation")),
        "effective": choice(
            "effective", DateTime=times, Period=periods, Timing=timings, Instant=one(INSTANTS)
        ),
        "value": choice(
            "value",
            Quantity=quantities,
            CodeableConcept=concepts,
            String=strings,
            DateTime=times,
            Period=periods,
        ),
        "component": some(
            merged(
                either(both(), both(code=concepts)),
                choice("value", Quantity=quantities, CodeableConcept=concepts),
            )
        ),
    },
    "Encounter": {
        "identifier": some(identifiers),
        "status": one(("planned", "finished")),
        "class": codings,
        "subject": subjects,
        "period": periods,
        "length": simple_quantities,
        "participant": some(members(type=some(concepts), individual=references("Practitioner"))),
        "serviceProvider": references("Organization"),
        "partOf": references("Encounter"),
        "location": some(members(period=periods)),
    },
    "ChargeItem": {
        "identifier": some(identifiers),
        "code": concepts,
        "subject": subjects,
        "context": references("Encounter"),
        "enteredDate": times,
        "factorOverride": decimals,
        "priceOverride": money,
        "quantity": simple_quantities,
        "occurrence": choice("occurrence", DateTime=times, Period=periods, Timing=timings),
    },
    "RiskAssessment": {
        "subject": subjects,
        "condition": references("Condition"),
        "prediction": some(choice("probability", Decimal=decimals, Range=ranges)),
        "occurrence": choice("occurrence", DateTime=times, Period=periods),
    },
    "Condition": {
        "clinicalStatus": either(both(coding=some(clinical)), concepts),
        "code": concepts,
        "subject": subjects,
        "encounter": references("Encounter"),
        "recordedDate": times,
        "onset": choice(
            "onset", DateTime=times, Period=periods, Age=simple_quantities, Range=ranges, String=strings
        ),
    },
    "CarePlan": {
        "status": one(("active", "completed")),
        "intent": one(("plan", "order")),
        "subject": subjects,
        "period": periods,
        "basedOn": some(references("CarePlan")),
        "addresses": some(references("Condition")),
        "instantiatesCanonical": some(canonicals),
        "instantiatesUri": some(uris),
        "activity": some(both(detail=choice("scheduled", Timing=timings, Period=periods, String=strings))),
    },
    "Group": {
        "type": one(("person", "device")),
        "actual": booleans,
        "characteristic": some(
            merged(
                both(code=concepts, exclude=booleans),
                choice("value", CodeableConcept=concepts, Boolean=booleans),
            )
        ),
        "member": some(both(entity=references("Patient", "Practitioner"))),
    },
    "Questionnaire": {
        "url": uris,
        "version": one(("1.0", "A1", "a1")),
        "name": strings,
        "title": strings,
        "status": one(("draft", "active")),
        "date": times,
        "effectivePeriod": periods,
        "subjectType": some(one(("Patient", "Group"))),
        "useContext": some(
            merged(
                both(code=codings),
                choice("value", CodeableConcept=concepts, Quantity=quantities, Range=ranges),
            )
        ),
    },
    "QuestionnaireResponse": {
        "questionnaire": canonicals,
        "subject": references("Patient"),
        "authored": times,
    },
}
"""The elements of each type that are searched here; none is required, as stores take any resource."""

CHOICES = ("deceased", "effective", "value", "occurrence", "onset")
"""Those that are the members of several types."""


def pool(maker: Maker) -> SearchStrategy[Any]:
    """The values to draw from, and half as many Nones for an element that is not there."""
    return st.sampled_from([*[None] * (POOL // 2), *(maker(Random(seed)) for seed in range(POOL))])


META = pool(meta)
POOLS = {type: {name: pool(maker) for name, maker in elements.items()} for type, elements in ELEMENTS.items()}

LAST_UPDATED = (
    "2013-01-13T22:59:59.999Z", "2013-01-13T23:00:00.000Z", "2013-01-14T09:00:00.000Z",
    "2013-01-14T09:00:00.001Z", "2013-03-31T01:00:00.000Z", "2026-11-21T11:00:00.000Z",
)  # fmt: skip
"""When resources were stored, in order."""


INSIDE = {
    "subject": "Patient",
    "encounter": "Encounter",
    "managingOrganization": "Organization",
    "serviceProvider": "Organization",
}
"""Elements that may refer to contained resources here, and of which type those are."""


@st.composite
def universes(draw: st.DrawFn, elements: Mapping[str, Set[str]]) -> list[dict[str, Any]]:
    """Stored resources that have some of the elements named for their type.

    None has the type and id of another; they are in the order of their storage.
    """
    places = [(type, id) for type in sorted(elements) for id in IDS]
    found = draw(st.lists(st.sampled_from(places), min_size=3, max_size=8, unique=True))
    times = sorted(draw(st.lists(st.sampled_from(LAST_UPDATED), min_size=len(found), max_size=len(found))))
    return [draw(resources(type, id, time, elements)) for (type, id), time in zip(found, times, strict=True)]


@st.composite
def resources(
    draw: st.DrawFn, type: str, id: str, time: str, elements: Mapping[str, Set[str]]
) -> dict[str, Any]:
    """A resource as a server keeps it that stored it at a time, with some of the elements."""
    head = draw(META) if "meta" in elements[type] else None
    found: dict[str, Any] = {"resourceType": type, "id": id, "meta": {**(head or {}), "lastUpdated": time}}
    found |= draw(contents(type, elements[type]))
    holders: list[dict[str, Any]] = [found]
    contained: list[dict[str, Any]] = []
    for holder in holders:
        for name in sorted(INSIDE.keys() & holder.keys()):
            kind = INSIDE[name]
            if kind in elements and len(contained) < 2 and draw(st.sampled_from((False, False, True))):
                inner = {"resourceType": kind, "id": f"{name}-{len(contained)}"}
                inner = {**inner, **draw(contents(kind, elements[kind]))}
                holder[name] = {"reference": f"#{inner['id']}"}
                contained.append(inner)
                holders.append(inner)
    return {**found, "contained": contained} if contained else found


@st.composite
def contents(draw: st.DrawFn, type: str, names: Set[str]) -> dict[str, Any]:
    """Some of the elements of a resource."""
    found: dict[str, Any] = {}
    for name in sorted(names & POOLS[type].keys()):
        value = draw(POOLS[type][name])
        if value is not None:
            found.update(value if name in CHOICES else {name: value})
    return found
