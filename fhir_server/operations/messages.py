"""The messages of the operations, in English and French."""

from fhir_server.issues import Template

UNKNOWN_PARAMETER = Template(
    en="'{name}' is not a parameter of this operation; use {valid}.",
    fr="« {name} » n'est pas un paramètre de cette opération ; possibles : {valid}.",
)
NO_PARAMETER = Template(en="none", fr="aucun")
CURSOR_OF_ANOTHER_EPOCH = Template(
    en="This cursor was given before the store was restored from a backup. Read the resources again and "
    "start from a new cursor.",
    fr="Ce curseur a été émis avant une restauration de sauvegarde. Relisez les ressources et repartez "
    "d'un nouveau curseur.",
)
NO_CRITERION = Template(
    en="'{name}' does not choose among versions. Use after, _count and search parameters of the type.",
    fr="« {name} » ne choisit pas parmi les versions. Utilisez after, _count et des paramètres de recherche "
    "du type.",
)
ASKS_OTHERS = Template(
    en="Criteria of $changes are about the resource itself, or what it refers to. Leave out _has, :above and "
    ":below.",
    fr="Les critères de $changes portent sur la ressource elle-même, ou sur ce qu'elle référence. Omettez "
    "_has, :above et :below.",
)
PARAMETERS_NEEDED = Template(
    en="The body of this operation is a Parameters resource.",
    fr="Le corps de cette opération est une ressource Parameters.",
)
META_NEEDED = Template(
    en="A parameter 'meta' with a valueMeta is needed, once: the profiles, security labels and tags meant.",
    fr="Il faut un paramètre « meta » avec un valueMeta, une fois : profils, étiquettes de sécurité et tags.",
)
PARAMETERS_LISTED = Template(
    en="Parameters.parameter is a list: put what you have in brackets.",
    fr="Parameters.parameter est une liste : mettez ce que vous avez entre crochets.",
)
GIVEN_TWICE = Template(
    en="{name} is given more than once: give it once, as it can have one value only.",
    fr="{name} est donné plus d'une fois : donnez-le une seule fois, car il n'a qu'une valeur.",
)
PRIMITIVE_NEEDED = Template(
    en="The parameter {name} needs a name and one simple value, such as valueString.",
    fr="Le paramètre {name} doit avoir un nom et une valeur simple, comme valueString.",
)
BAD_DATE = Template(
    en="{name} is not a date or an instant: {value}.",
    fr="{name} n'est ni une date ni un instant : {value}.",
)
SUBJECT_NEEDED = Template(
    en="Say whose Observations: the parameter {names} is needed.",
    fr="Précisez de qui sont les Observations : le paramètre {names} est requis.",
)
BAD_MAX = Template(
    en="max must be a whole number, 1 or more: {value}.",
    fr="max doit être un entier supérieur ou égal à 1 : {value}.",
)
ORDERED_BY_ITSELF = Template(
    en="'{name}' is left out: $lastn answers on one page, the most recent first.",
    fr="« {name} » est laissé de côté : $lastn répond en une page, du plus récent au plus ancien.",
)
BAD_BOOLEAN = Template(
    en="{name} must be true or false: {value}.",
    fr="{name} doit être true ou false : {value}.",
)
