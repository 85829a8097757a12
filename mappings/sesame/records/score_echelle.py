"""score_echelle: the total of a scale alone, for scales whose text may not be shipped.

https://hl7.org/fhir/R4/observation.html
"""

from fhir_server.conversion.field_kinds import Coded, moment, whole
from fhir_server.conversion.table import Field, Part, Table
from fhir_server.core.code_systems import LOINC
from mappings.sesame.guide import Guide
from mappings.sesame.records import names
from mappings.sesame.resources.elements import concept
from mappings.sesame.resources.observation import CATEGORY
from mappings.sesame.scales import SHIPPED, read_scale

AT = "Observation"
HIGHEST = {"phq-9": 27, "gad-7": 21, "phq-2": 6, "audit-c": 12, "isi": 28, "wsas": 40, "hads": 42}
"""The highest total of each scale."""


def score_echelle(guide: Guide) -> Table:
    """The table of the record."""
    seed = {
        "meta": names.profile(guide, "sesame-observation-score"),
        "status": "final",
        "category": [concept(CATEGORY, "survey")],
    }
    return Table(
        name="score_echelle",
        title="Score d'une échelle",
        system=names.system_of(guide, "score_echelle"),
        parts=(Part(AT, seed, mark=("category",)),),
        fields=_fields(guide),
        rules={"allOf": [_bounded(word, highest) for word, highest in HIGHEST.items()]},
        recognised_by=("echelle",),
    )


def _bounded(word: str, highest: int) -> dict[str, object]:
    condition = {"properties": {"echelle": {"const": word}}, "required": ["echelle"]}
    return {"if": condition, "then": {"properties": {"score": {"maximum": highest}}}}


def _fields(guide: Guide) -> tuple[Field, ...]:
    return (
        names.key(guide, "score_echelle", f"{AT}.identifier[record]"),
        names.patient(guide, f"{AT}.subject"),
        Field("echelle", _scale(guide), (f"{AT}.code",), "L'échelle.", True, "RA"),
        Field("date", moment(), (f"{AT}.effectiveDateTime",), "Date et heure de la passation.", True, "RA"),
        Field(
            "score", whole(0, max(HIGHEST.values())), (f"{AT}.valueInteger",), "Le score total.", True, "RA"
        ),
        names.link(
            guide, "professionnel", "professionnel", f"{AT}.performer[0]", text="Qui a fait passer l'échelle."
        ),
        names.link(guide, "contact", "contact", f"{AT}.encounter", text="Le contact où elle fut passée."),
    )


def _scale(guide: Guide) -> Coded:
    """The LOINC code of the total where there is one, otherwise the guide's own code of the scale."""
    totals = {id: {"system": LOINC, "code": read_scale(guide, id).total} for id in SHIPPED}
    others = {id: guide.coding("sesame-scale", id) for id in HIGHEST if id not in SHIPPED}
    return Coded(totals | others, f"{LOINC}, {guide.canonical('CodeSystem', 'sesame-scale')}")
