"""patient: a person, with the traits of the French identity and the identifiers of other systems.

https://hl7.org/fhir/R4/patient.html and https://hl7.fr/ig/fhir/core (2.2.0)
"""

from fhir_server.conversion.field_kinds import IdentifierValue, ListOf, OpenCode, Word, day, flag, line
from fhir_server.conversion.table import Field, Part, Table
from mappings.sesame.checks.identity import NIA
from mappings.sesame.guide import Guide, Resource
from mappings.sesame.identifiers import FR_CORE, FR_TYPES, INS_NIR_TEST, NIR
from mappings.sesame.records import names
from mappings.sesame.records.words import GENDERS, foreign
from mappings.sesame.resources.patient import BIRTH_PLACE, COMMUNE, IDENTITY_STATUS

NUMBER = r"^[1-478][0-9]{4}([0-9]{2}|2[AB])[0-9]{8}$"
NUMBERS = {
    "ins_nir": (NIR, "INS-NIR", "official", "Matricule INS tiré du NIR, avec sa clé."),
    "ins_nia": (NIA, "INS-NIA", "temp", "Matricule INS tiré d'un numéro d'attente (NIA), avec sa clé."),
    "ins_test": (INS_NIR_TEST, "INS-NIR-TEST", "official", "Matricule INS d'un patient fictif de test."),
}
STATUSES = {"provisoire": "PROV", "validee": "VALI"}


def patient(guide: Guide) -> Table:
    """The table of the record."""
    return Table(
        name="patient",
        title="Patient",
        system=names.system_of(guide, "patient"),
        parts=(Part("Patient", {"meta": names.profile(guide, "sesame-patient")}, known_by=_known_by()),),
        fields=(
            names.key(
                guide, "patient", "Patient.identifier[record]", frame={"use": "usual", **names.of_type("PI")}
            ),
            *_numbers(),
            *_names(),
            *_birth(),
            *_contact(guide),
        ),
        patterns=_patterns(),
        rules={"dependentRequired": {name: ["lieu_naissance"] for name in NUMBERS}},
    )


def _known_by() -> tuple[tuple[str, str], ...]:
    """The INS finds a patient whom a doctor's software has sent before."""
    return tuple((system, name) for name, (system, *_) in NUMBERS.items())


def _patterns() -> dict[str, Resource]:
    numbers = {name: {**_frame(name), "system": NUMBERS[name][0]} for name in NUMBERS}
    extensions = {
        "birth-place": {"url": BIRTH_PLACE},
        "insee": {"url": f"{FR_CORE}/StructureDefinition/fr-core-address-insee-code"},
        "reliability": {"url": f"{FR_CORE}/StructureDefinition/fr-core-identity-reliability"},
        "given-names": {"url": f"{FR_CORE}/StructureDefinition/fr-core-patient-birth-list-given-name"},
    }
    return {
        "nss": {"system": NIR, **names.of_type("NH")},
        "official": {"use": "official"},
        "usual": {"use": "usual"},
        "phone": {"system": "phone"},
        "email": {"system": "email"},
        **numbers,
        **extensions,
    }


def _frame(name: str) -> Resource:
    _, type, use, _ = NUMBERS[name]
    return {"use": use, **names.of_type(type, FR_TYPES)}


def _numbers() -> list[Field]:
    fields = [
        Field(
            name,
            IdentifierValue({**_frame(name), "system": system}, NUMBER),
            (f"Patient.identifier[{name}]",),
            f"{text} Avec lui, le lieu de naissance est exigé.",
            source="V (FR Core)",
        )
        for name, (system, _, _, text) in NUMBERS.items()
    ]
    text = "Numéro de sécurité sociale (NIR et clé), pour la facturation seule."
    return [*fields, Field("nss", social_number(), ("Patient.identifier[nss]",), text, source="V (FR Core)")]


def social_number() -> IdentifierValue:
    """The social security number, as an Identifier."""
    return IdentifierValue({"use": "official", **names.of_type("NH"), "system": NIR}, NUMBER)


def _names() -> list[Field]:
    at = "Patient.name"
    return [
        Field("nom", line(), (f"{at}[official].family",), "Nom de naissance.", True, "V (RNIV)"),
        Field(
            "prenom", line(), (f"{at}[official].given[0]",), "Premier prénom de naissance.", True, "V (RNIV)"
        ),
        Field(
            "prenoms_naissance",
            line(),
            (f"{at}[official].extension[given-names].valueString",),
            "Liste des prénoms de l'acte de naissance.",
            source="V (FR Core)",
        ),
        Field("nom_utilise", line(), (f"{at}[usual].family",), "Nom utilisé.", source="V (RNIV)"),
        Field("prenom_utilise", line(), (f"{at}[usual].given[0]",), "Prénom utilisé.", source="V (RNIV)"),
        Field(
            "sexe",
            Word(GENDERS, "http://hl7.org/fhir/administrative-gender"),
            ("Patient.gender",),
            "Sexe.",
            True,
        ),
    ]


def _birth() -> list[Field]:
    place = "Patient.extension[birth-place].valueAddress"
    status = foreign(IDENTITY_STATUS, STATUSES, concept=False)
    return [
        Field("date_naissance", day(), ("Patient.birthDate",), "Date de naissance.", True, "V (RNIV)"),
        Field(
            "lieu_naissance.code_insee",
            OpenCode(COMMUNE, "^([0-9]{2}|2[AB])[0-9]{3}$"),
            (f"{place}.extension[insee].valueCoding",),
            "Code INSEE de la commune ou du pays de naissance.",
            True,
            "V (FR Core)",
        ),
        Field("lieu_naissance.commune", line(), (f"{place}.city",), "Nom de la commune de naissance."),
        Field(
            "statut_identite",
            status,
            ("Patient.extension[reliability].extension[url=identityStatus].valueCoding",),
            "Confiance accordée à l'identité.",
            source="V (FR Core)",
        ),
    ]


def _contact(guide: Guide) -> list[Field]:
    address = "Patient.address[0]"
    doctor = names.link(
        guide,
        "medecin_traitant",
        "professionnel",
        "Patient.generalPractitioner[0]",
        text="Identifiant du professionnel qui est le médecin traitant.",
    )
    return [
        Field("telephone", line(40), ("Patient.telecom[phone].value",), "Téléphone."),
        Field("courriel", line(), ("Patient.telecom[email].value",), "Adresse électronique."),
        Field("adresse.lignes", ListOf(line(), most=5), (f"{address}.line",), "Lignes de l'adresse."),
        Field("adresse.code_postal", line(10), (f"{address}.postalCode",), "Code postal."),
        Field("adresse.ville", line(), (f"{address}.city",), "Ville."),
        Field("actif", flag(), ("Patient.active",), "Faux pour un dossier fermé."),
        Field("date_deces", day(), ("Patient.deceasedDateTime",), "Date du décès."),
        doctor,
    ]
