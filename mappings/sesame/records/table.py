"""Every native record of SÉSAME, in the order in which they come into use."""

from collections.abc import Callable

from fhir_server.conversion.table import Table
from mappings.sesame.guide import Guide
from mappings.sesame.records.adressage import adressage
from mappings.sesame.records.passation_echelle import passation_echelle
from mappings.sesame.records.patient import patient

TABLES: tuple[Callable[[Guide], Table], ...] = (
    patient,
    adressage,
    passation_echelle,
)


def tables(guide: Guide) -> tuple[Table, ...]:
    """The tables of the records under the names of a guide."""
    return tuple(table(guide) for table in TABLES)
