"""The French words that records use for the codes of the guide and of HL7.

https://hl7.org/fhir/R4/terminologies.html
"""

from collections.abc import Mapping

from fhir_server.conversion.field_kinds import Coded
from mappings.sesame.guide import Guide

GENDERS = {"feminin": "female", "masculin": "male", "autre": "other", "inconnu": "unknown"}
PLACES = {"sur-place": "AMB", "a-distance": "VR", "a-domicile": "HH"}
MODALITIES = {"sur-place": "on-site", "domicile": "home", "telephone": "phone", "visio": "video"}
MODALITY_PLACES = {
    "sur-place": "sur-place",
    "domicile": "a-domicile",
    "telephone": "a-distance",
    "visio": "a-distance",
}
ROLES = {"medecin-generaliste": "medecin-generaliste", "ide": "ide", "psychiatre": "psychiatre"}
TRACKS = {"classique": "classique", "leger": "leger"}
PURPOSES = {"soins": "team-care", "evaluation": "evaluation", "recherche": "research"}
DECISIONS = {"classique": "assessed-classique", "leger": "assessed-leger", "non-eligible": "not-eligible"}
REFUSALS = {
    "moins-de-18-ans": "under-18",
    "suivi-psychiatrique": "psychiatric-follow-up",
    "hors-secteur": "out-of-area",
    "pas-d-indication": "no-indication",
    "urgence": "emergency-redirect",
    "refus-du-patient": "patient-declined",
    "injoignable": "unreachable",
}
CARE = {
    "suivi-infirmier": "nurse-follow-up",
    "expertise-psychiatrique": "psychiatric-expertise",
    "adaptation-du-traitement": "medication-adjustment",
    "prevention-de-la-rechute": "relapse-prevention",
    "orientation-psychologue": "psychologist-orientation",
    "orientation-association": "association-orientation",
    "orientation-sociale": "social-orientation",
}
ORIENTATIONS = {
    "psychologue": "psychologist-orientation",
    "association": "association-orientation",
    "social": "social-orientation",
}
EXITS = {
    "objectifs-atteints": "goals-reached",
    "fin-des-sequences": "end-of-sequences",
    "suivi-psychiatrique": "psychiatric-referral",
    "autre-orientation": "other-referral",
    "choix-du-patient": "patient-choice",
    "perdu-de-vue": "lost-to-follow-up",
    "demenagement": "moved",
    "deces": "death",
}
ATTEMPTS = {
    "sans-reponse": "no-answer",
    "message-laisse": "message-left",
    "numero-errone": "wrong-number",
    "rendez-vous-manque": "appointment-missed",
}
SATISFACTION = {
    "tres-satisfait": "very-satisfied",
    "satisfait": "satisfied",
    "insatisfait": "dissatisfied",
    "tres-insatisfait": "very-dissatisfied",
}
FINANCIAL_STATES = {"active": "active", "annulee": "cancelled", "saisie-par-erreur": "entered-in-error"}
CLAIM_ERRORS = {
    "beneficiaire-inconnu": "unknown-beneficiary",
    "droits-fermes": "rights-closed",
    "doublon": "duplicate-claim",
    "montant-errone": "wrong-amount",
    "periode-erronee": "wrong-period",
    "autre": "other",
}


def coded(guide: Guide, code_system: str, words: Mapping[str, str], *, concept: bool = True) -> Coded:
    """A kind of field whose words stand for codes of one of the guide's code systems."""
    codes = {word: guide.coding(code_system, code) for word, code in words.items()}
    return Coded(codes, guide.canonical("CodeSystem", code_system), concept)


def foreign(system: str, words: Mapping[str, str], *, concept: bool = True) -> Coded:
    """A kind of field whose words stand for codes of another code system."""
    codes = {word: {"system": system, "code": code} for word, code in words.items()}
    return Coded(codes, system, concept)
