"""French identity: the identifiers of persons and organisations, and the traits that an INS requires.

Problems are warnings, because published examples have them too; for a resource that claims or is checked
against a strict profile they are errors. https://hl7.fr/ig/fhir/core (2.2.0)
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.issues import Issue, Template, Text
from fhir_server.validation.checks.check import CheckContext, Resource, finding
from mappings.sesame.checks import messages
from mappings.sesame.checks.numbers import NUMBERS, nir_problems
from mappings.sesame.identifiers import FINESS, FR_TYPES, HL7_TYPES, INS_NIR_TEST, NIR, RPPS, SIRENE
from mappings.sesame.resources.patient import BIRTH_PLACE

STRICT = ("sesame-patient-ins",)
"""The ids of the profiles for which a problem is an error."""

NIA = "urn:oid:1.2.250.1.213.1.4.9"
INS_NIR_DEMO = "urn:oid:1.2.250.1.213.1.4.11"
INS_C = "urn:oid:1.2.250.1.213.1.4.2"
ID_NAT_PS = "urn:oid:1.2.250.1.71.4.2.1"
ID_NAT_STRUCT = "urn:oid:1.2.250.1.71.4.2.2"
OIDS = frozenset({NIR, NIA, INS_NIR_TEST, INS_NIR_DEMO, INS_C, ID_NAT_PS, ID_NAT_STRUCT})

SYSTEM_BY_TYPE: Mapping[str, str] = {
    "INS-NIR": NIR,
    "INS-NIA": NIA,
    "INS-NIR-TEST": INS_NIR_TEST,
    "INS-NIR-DEMO": INS_NIR_DEMO,
    "INS-C": INS_C,
    "IDNPS": ID_NAT_PS,
    "IDNST": ID_NAT_STRUCT,
    "RPPS": RPPS,
    "FINEG": FINESS,
    "FINEJ": FINESS,
    "SIREN": SIRENE,
    "SIRET": SIRENE,
}
"""The identifier system of each type of FR Core's fr-core-cs-v2-0203."""
TYPES_BY_SYSTEM: Mapping[str, frozenset[str]] = {
    system: frozenset(type for type, one in SYSTEM_BY_TYPE.items() if one == system)
    for system in SYSTEM_BY_TYPE.values()
}
USE_BY_TYPE: Mapping[str, frozenset[str]] = {
    "INS-NIR": frozenset({"official", "old"}),
    "INS-NIA": frozenset({"temp", "old"}),
    "INS-NIR-TEST": frozenset({"official", "old"}),
    "INS-NIR-DEMO": frozenset({"official", "old"}),
}
INS_TYPES = frozenset(USE_BY_TYPE)
KEYED = frozenset({NIR, NIA})
"""Systems whose numbers have a valid key; test and demonstration numbers need not."""


@dataclass(frozen=True, slots=True)
class _Identifier:
    """One identifier with its FHIRPath location; `type` is a code of FR Core's types, or HL7's NH."""

    value: Mapping[str, Any]
    place: str
    type: str | None

    @property
    def system(self) -> str | None:
        return self.value.get("system")


@dataclass(frozen=True, slots=True)
class _Report:
    """Makes issues with the severity that the profiles require."""

    strict: bool

    def __call__(self, key: str, text: Text, place: str) -> Issue:
        return finding("error" if self.strict else "warning", "business-rule", key, text, place)


class IdentityCheck:
    """Checks French identifiers, and the traits of a patient with an INS."""

    types = frozenset(
        [
            "Patient",
            "RelatedPerson",
            "Practitioner",
            "PractitionerRole",
            "Organization",
            "Location",
            "Coverage",
        ]
    )

    def check(self, resource: Resource, context: CheckContext) -> Iterator[Issue]:
        report = _Report(any(_id_of(profile) in STRICT for profile in context.profiles))
        if context.errors_only and not report.strict:
            return
        identifiers = list(_identifiers(resource))
        for identifier in identifiers:
            for step in STEPS:
                yield from step(identifier, report)
        if resource["resourceType"] == "Patient" and any(one.type in INS_TYPES for one in identifiers):
            yield from _traits(resource, report)
        if "subscriberId" in resource:
            yield from _subscriber(resource, report)


def _id_of(canonical: str) -> str:
    return canonical.partition("|")[0].rpartition("/")[2]


def _identifiers(resource: Resource) -> Iterator[_Identifier]:
    for index, value in enumerate(resource.get("identifier", ())):
        codings = value.get("type", {}).get("coding", ())
        codes = [coding.get("code") for coding in codings if coding.get("system") == FR_TYPES]
        codes += ["NH" for one in codings if (one.get("system"), one.get("code")) == (HL7_TYPES, "NH")]
        place = f"{resource['resourceType']}.identifier[{index}]"
        yield _Identifier(value, place, codes[0] if codes else None)


def _system(identifier: _Identifier, report: _Report) -> Iterator[Issue]:
    """The system must be a URI, and that of the type."""
    system, wanted = identifier.system, SYSTEM_BY_TYPE.get(identifier.type or "")
    where = f"{identifier.place}.system"
    if f"urn:oid:{system}" in OIDS:
        yield report("identifier-system", messages.SYSTEM_OID(wanted=f"urn:oid:{system}"), where)
    elif wanted is not None and system != wanted:
        text = messages.SYSTEM_OF_TYPE(type=identifier.type, wanted=wanted, found=system or messages.NONE())
        yield report("identifier-system", text, where)


def _type(identifier: _Identifier, report: _Report) -> Iterator[Issue]:
    """The type must be one of the system's. The INS and the social security number share a system."""
    system, type = identifier.system, identifier.type
    where = f"{identifier.place}.type"
    if system == NIR and type is None:
        yield report("identifier-type", messages.TYPE_MISSING(system=system), where)
    elif system is not None and system in TYPES_BY_SYSTEM and type is not None and type not in SYSTEM_BY_TYPE:
        wanted = TYPES_BY_SYSTEM[system]
        if not (system == NIR and type == "NH"):
            text = messages.TYPE_OF_SYSTEM(system=system, wanted=", ".join(sorted(wanted)), found=type)
            yield report("identifier-type", text, where)


def _use(identifier: _Identifier, report: _Report) -> Iterator[Issue]:
    allowed, use = USE_BY_TYPE.get(identifier.type or ""), identifier.value.get("use")
    if allowed and use not in allowed:
        text = messages.USE(
            type=identifier.type, wanted=", ".join(sorted(allowed)), found=use or messages.NONE()
        )
        yield report("identifier-use", text, f"{identifier.place}.use")


def _number(identifier: _Identifier, report: _Report) -> Iterator[Issue]:
    """The value must be a valid number of its system, including its key."""
    value = identifier.value.get("value")
    if not isinstance(value, str):
        return
    where = f"{identifier.place}.value"
    if identifier.system in KEYED:
        texts = nir_problems(value)
    else:
        check = NUMBERS.get(identifier.system or "")
        texts = check(value, identifier.type) if check else iter(())
    for text in texts:
        yield report("identifier-value", text, where)


def _subscriber(coverage: Resource, report: _Report) -> Iterator[Issue]:
    """A subscriber number that looks like a NIR must be valid; other insurers have other numbers."""
    number = coverage["subscriberId"]
    if len(number) in (13, 15) and number[:5].isdecimal():
        for text in nir_problems(number):
            yield report("identifier-value", text, "Coverage.subscriberId")


def _traits(patient: Resource, report: _Report) -> Iterator[Issue]:
    """An INS requires the five identity traits."""
    names = [name for name in patient.get("name", ()) if name.get("use") in (None, "official")]
    present = {
        messages.FAMILY: any(name.get("family") for name in names),
        messages.GIVEN: any(name.get("given") for name in names),
        messages.SEX: "gender" in patient,
        messages.BIRTH_DATE: "birthDate" in patient,
        messages.BIRTH_PLACE: _has_birth_place(patient),
    }
    missing = [trait() for trait, is_there in present.items() if not is_there]
    if missing:
        yield report("ins-traits", messages.TRAITS_MISSING(traits=_listed(missing)), "Patient")
    if patient.get("gender") == "other":
        yield report("ins-traits", messages.GENDER(found="other"), "Patient.gender")


def _listed(texts: list[Text]) -> Text:
    """The texts joined by commas, each in the reader's language."""
    values = {f"item{index}": text for index, text in enumerate(texts)}
    sentence = ", ".join(f"{{{name}}}" for name in values)
    return Template(en=sentence, fr=sentence)(**values)


def _has_birth_place(patient: Resource) -> bool:
    return any(
        extension.get("url") == BIRTH_PLACE and _has_insee_code(extension.get("valueAddress", {}))
        for extension in patient.get("extension", ())
    )


def _has_insee_code(address: Mapping[str, Any]) -> bool:
    return any(
        one.get("url", "").endswith("/fr-core-address-insee-code") and "code" in one.get("valueCoding", {})
        for one in address.get("extension", ())
    )


STEPS: tuple[Callable[[_Identifier, _Report], Iterator[Issue]], ...] = (_system, _type, _use, _number)
