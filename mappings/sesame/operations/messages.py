"""The messages of the pathway's operations, in English and French."""

from fhir_server.issues import Template

NOT_FOUND = Template(
    en="{reference} is not on record here. Look for it by its identifier.",
    fr="{reference} n'est pas enregistré ici. Cherchez-le par son identifiant.",
)
NO_SEQUENCE = Template(
    en="This CarePlan is no sequence of care of the programme: it lacks a track, a rank, a period or a "
    "number.",
    fr="Ce CarePlan n'est pas une séquence de soins du programme : il lui manque un forfait, un rang, une "
    "période ou un numéro.",
)
BAD_DATE = Template(
    en="{name} is no date: '{value}'. Write it as 2025-04-13.",
    fr="{name} n'est pas une date : « {value} ». Écrivez-la ainsi : 2025-04-13.",
)
BAD_NUMBER = Template(
    en="{name} is a whole number from 0 to {most}, not {value}.",
    fr="{name} est un nombre entier de 0 à {most}, et non {value}.",
)
BAD_CHOICE = Template(
    en="{name} is one of {valid}, not {value}.",
    fr="{name} vaut l'un de {valid}, et non {value}.",
)
BAD_REFERENCE = Template(
    en="{name} refers to a {type}, such as {type}/123: {value} does not.",
    fr="{name} désigne un {type}, par exemple {type}/123 : {value} n'en désigne pas.",
)
BAD_DEPARTMENT = Template(
    en="department is the number of a département, such as 78, 2A or 971, not '{value}'.",
    fr="department est le numéro d'un département, tel que 78, 2A ou 971, et non « {value} ».",
)
NO_MEASURE = Template(
    en="{id} is no Measure of the guide. It has: {valid}.",
    fr="{id} n'est pas un indicateur du guide, qui a : {valid}.",
)
PERIOD_NEEDED = Template(
    en="Say which period: periodStart and periodEnd, such as periodStart=2025-01-01&periodEnd=2025-12-31.",
    fr="Précisez la période : periodStart et periodEnd, par exemple "
    "periodStart=2025-01-01&periodEnd=2025-12-31.",
)
PERIOD_BACKWARDS = Template(
    en="The period from {start} to {end} ends before it begins.",
    fr="La période du {start} au {end} finit avant de commencer.",
)
NO_KEY = Template(
    en="This server has no key for the pseudonyms of the purpose {purpose}. Whoever runs it sets {option} to "
    "the path of a file of at least 32 random bytes.",
    fr="Ce serveur n'a pas de clé pour les pseudonymes de la finalité {purpose}. Son exploitant donne à "
    "{option} le chemin d'un fichier d'au moins 32 octets aléatoires.",
)
