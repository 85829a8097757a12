"""Messages of the terminology engine, in English and French."""

from fhir_server.issues import Template

UNKNOWN_VALUE_SET = Template(
    en="The value set {url} is not known to this server. Store it, install the package that has it, or "
    "send it in the request.",
    fr="Le jeu de valeurs {url} est inconnu de ce serveur. Enregistrez-le, installez le paquet qui le "
    "contient, ou envoyez-le dans la requête.",
)
UNKNOWN_CODE_SYSTEM = Template(
    en="The code system {url} is not known to this server, so its codes cannot be checked.",
    fr="Le système de codes {url} est inconnu de ce serveur : ses codes ne peuvent pas être vérifiés.",
)
UNKNOWN_VERSION = Template(
    en="The code system {url} is not known to this server in version {version}, so its codes cannot be "
    "checked. Known here: {known}.",
    fr="Le système de codes {url} est inconnu de ce serveur en version {version} : ses codes ne peuvent "
    "pas être vérifiés. Versions connues : {known}.",
)
UNKNOWN_SUPPLEMENT = Template(
    en="The code system supplement {url} is needed and is not known to this server.",
    fr="Le supplément de système de codes {url} est nécessaire mais inconnu de ce serveur.",
)
UNKNOWN_CONCEPT_MAP = Template(
    en="The concept map {url} is not known to this server.",
    fr="La table de correspondance {url} est inconnue de ce serveur.",
)
NO_CONCEPT_MAP = Template(
    en="No concept map known to this server goes from {source} to {target}.",
    fr="Aucune table de correspondance connue de ce serveur ne va de {source} à {target}.",
)
CIRCULAR = Template(
    en="The value set {url} draws on itself, so it has no members. Break the circle of its imports.",
    fr="Le jeu de valeurs {url} s'inclut lui-même et n'a donc pas de membres. Rompez le cycle de ses "
    "imports.",
)
BAD_FILTER = Template(
    en="This filter of the value set {url} cannot be applied: {reason}.",
    fr="Ce filtre du jeu de valeurs {url} ne peut pas être appliqué : {reason}.",
)
EMPTY_PART = Template(
    en="This part of the value set {url} names neither a system nor a value set.",
    fr="Cette partie du jeu de valeurs {url} ne nomme ni système ni jeu de valeurs.",
)
PROPERTY_UNKNOWN = Template(
    en="The value set {url} selects by {subject}, of which this server knows nothing.",
    fr="Le jeu de valeurs {url} sélectionne selon {subject}, dont ce serveur ne sait rien.",
)
NOT_A_LIST = Template(
    en="The codes of {system} follow a grammar and cannot be listed; check single codes with $validate-code.",
    fr="Les codes de {system} suivent une grammaire et ne peuvent pas être énumérés ; vérifiez-les un à "
    "un par $validate-code.",
)
TOO_COSTLY = Template(
    en="The value set {url} has {total} codes, more than the {limit} that are listed at once. Ask for a "
    "page with count and offset, or narrow it with filter.",
    fr="Le jeu de valeurs {url} compte {total} codes, plus que les {limit} énumérés en une fois. "
    "Demandez une page par count et offset, ou restreignez par filter.",
)
TOO_MUCH_WORK = Template(
    en="The value set {url} has too many parts of code systems that are too large for it to be listed. "
    "Narrow what it includes, or divide it.",
    fr="Le jeu de valeurs {url} a trop de parties de systèmes de codes trop grands pour être énuméré. "
    "Restreignez ce qu'il inclut, ou divisez-le.",
)
VERSION_MISMATCH = Template(
    en="The code system {url} is used in version {version}, and the request asks that it be {wanted}.",
    fr="Le système de codes {url} est utilisé en version {version}, alors que la requête exige {wanted}.",
)
NOT_IN_VALUE_SET = Template(
    en="The code {code} is not in the value set {value_set}.",
    fr="Le code {code} n'est pas dans le jeu de valeurs {value_set}.",
)
OTHER_VERSION = Template(
    en="The value set takes version '{version}' of the code system {url}, and the coding says '{given}'.",
    fr="Le jeu de valeurs prend la version « {version} » du système de codes {url}, et le codage dit "
    "« {given} ».",
)
OTHER_DEFAULT = Template(
    en="The value set names no version of the code system {url}, of which '{version}' is used here, and the "
    "coding says '{given}'.",
    fr="Le jeu de valeurs ne nomme pas de version du système de codes {url}, dont « {version} » est utilisée "
    "ici, et le codage dit « {given} ».",
)
OTHER_ASKED = Template(
    en="The request asks for version '{version}' of the code system {url}, instead of '{own}' in the value "
    "set, and the coding says '{given}'.",
    fr="La requête exige la version « {version} » du système de codes {url}, au lieu de « {own} » dans le "
    "jeu de valeurs, et le codage dit « {given} ».",
)
LISTED_STATUS = Template(
    en="The value set {value_set} lists {code} with the status {status}; review its use.",
    fr="Le jeu de valeurs {value_set} donne à {code} le statut {status} ; son emploi est à revoir.",
)
NO_VALID_CODING = Template(
    en="None of the codings is in the value set {value_set}.",
    fr="Aucun des codages n'est dans le jeu de valeurs {value_set}.",
)
MEMBERSHIP_UNKNOWN = Template(
    en="Whether {code} is in the value set {value_set} cannot be told here: {reason}.",
    fr="On ne peut pas savoir ici si {code} est dans le jeu de valeurs {value_set} : {reason}.",
)
MISSING_PART = Template(
    en="{subject} is not known to this server, or not all of it",
    fr="{subject} est inconnu de ce serveur, ou connu en partie seulement",
)
UNKNOWN_CODE = Template(
    en="Unknown code '{code}': it is not in the code system {system}.",
    fr="Le code « {code} » n'existe pas dans le système de codes {system}.",
)
UNKNOWN_IN_FRAGMENT = Template(
    en="The code '{code}' is not in the part of the code system {system} that this server has; it may be "
    "in the rest.",
    fr="Le code « {code} » n'est pas dans la partie du système de codes {system} dont dispose ce serveur "
    "; il peut être dans le reste.",
)
CODE_CASE = Template(
    en="The code system {system} does not tell case apart; all the same, write '{right}' rather than "
    "'{code}'.",
    fr="Le système de codes {system} ignore la casse ; écrivez néanmoins « {right} » plutôt que « {code} ».",
)
WRONG_DISPLAY = Template(
    en="'{display}' is not a display of {code}{language}; use '{right}'.",
    fr="« {display} » n'est pas un libellé de {code}{language} ; utilisez « {right} ».",
)
DISPLAY_IN_OTHER_LANGUAGE = Template(
    en="{code} has no display in {language}; '{display}' is its display in the code system's own language.",
    fr="{code} n'a pas de libellé en {language} ; « {display} » est son libellé dans la langue du système.",
)
IN_LANGUAGE = Template(
    en=" in {language}",
    fr=" en {language}",
)
ABSTRACT_CODE = Template(
    en="{code} is abstract: it groups others and is not to be chosen itself.",
    fr="{code} est abstrait : il regroupe d'autres codes et ne se choisit pas lui-même.",
)
INACTIVE_CODE = Template(
    en="{code} exists but is no longer active.",
    fr="{code} existe mais n'est plus actif.",
)
REVIEW_STATUS = Template(
    en="{code} has the status {status}; review its use.",
    fr="{code} a le statut {status} ; son emploi est à revoir.",
)
RESOURCE_STATUS = Template(
    en="{kind} {url} is {status}.",
    fr="{kind} {url} a le statut {status}.",
)
STALE_DISPLAY = Template(
    en="'{display}' is no longer a display of {code}: its status is {status}. Use '{right}'.",
    fr="« {display} » n'est plus un libellé de {code} : son statut est {status}. Utilisez « {right} ».",
)
SYSTEM_RELATIVE = Template(
    en="'{url}' is not an absolute URI. Name the code system by its canonical URL or its OID.",
    fr="« {url} » n'est pas une URI absolue. Désignez le système par son URL canonique ou son OID.",
)
SYSTEM_IS_VALUE_SET = Template(
    en="{url} is a value set, not a code system. Give the system that the code is of.",
    fr="{url} est un jeu de valeurs, non un système de codes. Donnez le système dont vient le code.",
)
NO_CODE = Template(
    en="This coding has no code, so there is nothing to check. Give the code.",
    fr="Ce codage n'a pas de code : il n'y a rien à vérifier. Donnez le code.",
)
NO_SYSTEM = Template(
    en="A coding without a system means nothing and cannot be checked. Give the system.",
    fr="Un codage sans système n'a pas de sens et ne peut pas être vérifié. Précisez le système.",
)
CANNOT_INFER = Template(
    en="The system of the code '{code}' cannot be told: the value set {value_set} has it in {systems}.",
    fr="Le système du code « {code} » est ambigu : le jeu de valeurs {value_set} le contient dans {systems}.",
)
NOTHING_MAPPED = Template(
    en="Nothing is mapped to {code}.",
    fr="Aucune correspondance pour {code}.",
)
SYSTEM_LISTS_NOTHING = Template(
    en="The code system {url} gives no hierarchy here: its content is '{content}'.",
    fr="Le système de codes {url} n'a pas de hiérarchie ici : son contenu est « {content} ».",
)
OTHER_SYSTEM = Template(
    en="The code is of the system {system}, and is to be checked in {url}. Name the system it is of.",
    fr="Le code est du système {system}, et doit être vérifié dans {url}. Nommez le système dont il est.",
)
