"""Why a sequence cannot be renewed, in English and French."""

from fhir_server.issues import Template

NOT_COUNTED = Template(
    en="The sequence is {status}; only one that takes place or has taken place is renewed.",
    fr="La séquence est {status} ; seule une séquence en cours ou passée est renouvelée.",
)
RENEWED = Template(
    en="The sequence was renewed already by CarePlan/{id}.",
    fr="La séquence a déjà été renouvelée par CarePlan/{id}.",
)
YEAR_OVER = Template(
    en="The twelve months since {first} are over on {latest}: no sequence can begin on {start}.",
    fr="Les douze mois depuis le {first} s'achèvent le {latest} : aucune séquence ne peut commencer le "
    "{start}.",
)
STARTS_TOO_SOON = Template(
    en="The renewal begins on {start}, but the sequence that it renews lasts until {end}.",
    fr="Le renouvellement commence le {start}, mais la séquence qu'il renouvelle dure jusqu'au {end}.",
)
