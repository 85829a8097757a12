"""The tables of all native records of SÉSAME, in the order of the pathway."""

from collections.abc import Callable
from functools import lru_cache

from fhir_server.conversion.table import Table
from mappings.sesame.guide import Guide
from mappings.sesame.records.adressage import adressage
from mappings.sesame.records.avis_psychiatre import avis_psychiatre
from mappings.sesame.records.consentement import consentement
from mappings.sesame.records.contact import contact, tentative_contact
from mappings.sesame.records.couverture import couverture
from mappings.sesame.records.depistage import depistage
from mappings.sesame.records.equipe import equipe
from mappings.sesame.records.evaluation_initiale import evaluation_initiale
from mappings.sesame.records.facture import facture
from mappings.sesame.records.objectif import objectif
from mappings.sesame.records.organisme import organisme
from mappings.sesame.records.orientation import orientation
from mappings.sesame.records.parcours import parcours, sortie
from mappings.sesame.records.passation_echelle import passation_echelle
from mappings.sesame.records.patient import patient
from mappings.sesame.records.prevention_rechute import prevention_rechute
from mappings.sesame.records.professionnel import professionnel
from mappings.sesame.records.retour_paiement import retour_paiement
from mappings.sesame.records.reunion_clinique import reunion_clinique
from mappings.sesame.records.revue_de_cas import revue_de_cas
from mappings.sesame.records.satisfaction import satisfaction, satisfaction_professionnel
from mappings.sesame.records.score_echelle import score_echelle
from mappings.sesame.records.sequence import sequence
from mappings.sesame.records.site import site
from mappings.sesame.records.tache_ide import tache_ide

TABLES: tuple[Callable[[Guide], Table], ...] = (
    organisme,
    site,
    professionnel,
    patient,
    couverture,
    depistage,
    consentement,
    adressage,
    tentative_contact,
    parcours,
    evaluation_initiale,
    equipe,
    objectif,
    sequence,
    contact,
    passation_echelle,
    score_echelle,
    revue_de_cas,
    avis_psychiatre,
    orientation,
    prevention_rechute,
    sortie,
    satisfaction,
    satisfaction_professionnel,
    facture,
    retour_paiement,
    reunion_clinique,
    tache_ide,
)


@lru_cache(maxsize=4)
def tables(guide: Guide) -> tuple[Table, ...]:
    """The tables of the records for a guide, cached."""
    return tuple(table(guide) for table in TABLES)
