"""The texts of the lists, in English and French."""

from fhir_server.issues import Template

HANDLE_ALERT = Template(
    en="Handle the suicide alert by the programme's procedure.",
    fr="Traiter l'alerte suicidaire selon la procédure du programme.",
)
BEGIN_SEQUENCE = Template(
    en="Begin the sequence that the assessment decided.",
    fr="Commencer la séquence décidée à l'évaluation.",
)
RENEW_OR_EXIT = Template(
    en="The sequence ends on {end}: renew it or end the care.",
    fr="La séquence s'achève le {end} : la renouveler ou terminer la prise en charge.",
)
EXIT = Template(
    en="The last sequence ends on {end}: prepare the exit.",
    fr="La dernière séquence s'achève le {end} : préparer la sortie.",
)
CONTACT = Template(
    en="Contact the patient by {due}.",
    fr="Contacter le patient avant le {due}.",
)
SUICIDE_ALERT = Template(
    en="A suicide alert is open.",
    fr="Une alerte suicidaire est ouverte.",
)
TEAM_REQUEST = Template(
    en="The team asked for a case review.",
    fr="L'équipe a demandé une revue de cas.",
)
NOT_IMPROVED = Template(
    en="Not improved after {days} days in care: {scale} {first} at the start, {last} now.",
    fr="Pas d'amélioration après {days} jours de soins : {scale} à {first} au début, {last} maintenant.",
)
NOT_MEASURED = Template(
    en="Not measured since the start, {days} days ago: {scale} {first} then.",
    fr="Pas mesuré depuis le début, il y a {days} jours : {scale} à {first} alors.",
)
NO_REVIEW = Template(
    en="No case review with a recommendation for {days} days, since {last}.",
    fr="Aucune revue de cas avec recommandation depuis {days} jours, le {last}.",
)
NEVER_REVIEWED = Template(
    en="No case review with a recommendation in the {days} days of care.",
    fr="Aucune revue de cas avec recommandation en {days} jours de soins.",
)
NO_CONTACT = Template(
    en="No contact with the patient for {days} days. Attempts and reviews are no contacts.",
    fr="Aucun contact avec le patient depuis {days} jours. Tentatives et revues ne sont pas des contacts.",
)
UNREAD = Template(
    en="{reference} says what this list cannot read, and is left out of it. Correct it, or tell whoever runs "
    "this server.",
    fr="{reference} dit ce que cette liste ne sait pas lire, et n'y est pas compté. Corrigez cette "
    "ressource, ou prévenez l'exploitant du serveur.",
)
NOT_ALL_READ = Template(
    en="No export is made while {reference} cannot be read, as it may hold an opposition. Correct it, or "
    "tell whoever runs this server.",
    fr="Aucun export n'est fait tant que {reference} ne peut être lu, car une opposition peut s'y trouver. "
    "Corrigez cette ressource, ou prévenez l'exploitant du serveur.",
)
