"""What jobs say to clients, in English and French."""

from fhir_server.issues import Template

REINDEX_UNDER_WAY = Template(
    en="{job} is under way and makes only the indexes that are pending. Ask for all of them when it is done.",
    fr="{job} est en cours et ne fait que les index en attente. Redemandez-les tous quand il sera terminé.",
)
UNKNOWN_JOB = Template(
    en="There is no job '{job}'. Without 'job' the answer tells of the last one.",
    fr="Le travail « {job} » n'existe pas. Sans « job », la réponse porte sur le dernier.",
)
