"""What the operations say to clients, in English and French."""

from fhir_server.issues import Template

UNKNOWN_PARAMETER = Template(
    en="'{name}' is not a parameter of this operation; use {valid}.",
    fr="« {name} » n'est pas un paramètre de cette opération ; utilisez {valid}.",
)
CURSOR_OF_ANOTHER_EPOCH = Template(
    en="This cursor was given before the store was restored from a backup. Read the resources again and "
    "start from a new cursor.",
    fr="Ce curseur a été émis avant une restauration de sauvegarde. Relisez les ressources et repartez "
    "d'un nouveau curseur.",
)
