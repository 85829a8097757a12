"""The messages of the operations on referrals and scales, in English and French."""

from fhir_server.issues import Template

NO_REFERRAL = Template(
    en="This ServiceRequest is no referral of the programme: its code is not soins-collaboratifs, or it has "
    "no PLAC identifier.",
    fr="Ce ServiceRequest n'est pas un adressage du programme : son code n'est pas soins-collaboratifs, ou "
    "il n'a pas d'identifiant PLAC.",
)
NO_TASK = Template(
    en="No Task tells the state of ServiceRequest/{id}: the referral names no requester or no date.",
    fr="Aucune tâche ne dit l'état de ServiceRequest/{id} : l'adressage n'a pas de demandeur ou pas de date.",
)
UNKNOWN_REFERRAL = Template(
    en="No referral bears the identifier {identifier}. Send it, or check its system and its value.",
    fr="Aucun adressage ne porte l'identifiant {identifier}. Envoyez-le, ou vérifiez son système et sa "
    "valeur.",
)
IDENTIFIER_NEEDED = Template(
    en="Name the referral by its identifier: identifier=system|value, or an Identifier in a Parameters body.",
    fr="Désignez l'adressage par son identifiant : identifier=système|valeur, ou un Identifier dans un corps "
    "Parameters.",
)
NO_SCALE = Template(
    en="The answers are to no scale that can be scored here. Name the questionnaire of one: {known}.",
    fr="Ces réponses ne sont celles d'aucune échelle cotée ici. Désignez le questionnaire de l'une "
    "d'elles : {known}.",
)
RESPONSE_NEEDED = Template(
    en="Give the answers as the parameter 'response', a QuestionnaireResponse.",
    fr="Donnez les réponses dans le paramètre « response », un QuestionnaireResponse.",
)
