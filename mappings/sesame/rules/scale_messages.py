"""The messages of the rules on scales, in English and French."""

from fhir_server.issues import Template

INCOMPLETE = Template(
    en="A completed {scale} answers every question; these lack: {missing}. Ask them, or send the status "
    "in-progress: no answer is made up.",
    fr="Une passation {scale} terminée répond à toutes les questions ; il manque : {missing}. Posez-les, ou "
    "envoyez le statut in-progress : aucune réponse n'est inventée.",
)
WRONG_TOTAL = Template(
    en="The answers to the {scale} come to {score}, not {stated}. Correct the total, or leave it out.",
    fr="Les réponses au {scale} donnent {score}, et non {stated}. Corrigez le total, ou omettez-le.",
)
WRONG_SCORE = Template(
    en="QuestionnaireResponse/{id} comes to {score}, not {value}. The server writes its score itself: leave "
    "this Observation out.",
    fr="QuestionnaireResponse/{id} donne {score}, et non {value}. Le serveur en écrit lui-même le score : "
    "omettez cette Observation.",
)
NO_SCORE = Template(en="no score", fr="aucun score")
WHOSE = Template(
    en="A completed passation says who answered: refer to the Patient in QuestionnaireResponse.subject.",
    fr="Une passation terminée dit qui a répondu : référencez le Patient dans QuestionnaireResponse.subject.",
)
WHEN = Template(
    en="A completed passation says when it was answered, to the day: give QuestionnaireResponse.authored.",
    fr="Une passation terminée dit quand on y a répondu, au jour près : donnez "
    "QuestionnaireResponse.authored.",
)
BEYOND_SCALE = Template(
    en="The total of the {scale} is a number from 0 to {highest}, not {value}.",
    fr="Le total de l'échelle {scale} est un nombre de 0 à {highest}, et non {value}.",
)
