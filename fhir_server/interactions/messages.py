"""The messages of the interactions to clients, in English and French."""

from fhir_server.issues import Template

STALE_IF_MATCH = Template(
    en="If-Match names {given}, but the current version is {current}. Read the resource again first.",
    fr="If-Match désigne {given}, mais la version courante est {current}. Relisez d'abord la ressource.",
)
NOTHING_TO_MATCH = Template(
    en="If-Match names {given}, but there is no such resource. Nothing was done.",
    fr="If-Match désigne {given}, mais cette ressource n'existe pas. Rien n'a été fait.",
)
MODIFIED_SINCE = Template(
    en="{reference} was changed after {since}; the current version is {version}. Read it again first.",
    fr="{reference} a changé depuis {since} ; la version courante est {version}. Relisez-la d'abord.",
)
ALREADY_EXISTS = Template(
    en="{reference} exists already, and If-None-Match: * asks that it does not.",
    fr="{reference} existe déjà, alors que If-None-Match: * demande qu'elle n'existe pas.",
)
BAD_ETAG = Template(
    en='{header} cannot be read: {value}. Write it as W/"3".',
    fr='{header} est illisible : {value}. Écrivez W/"3".',
)
MATCHED_IF_NONE_MATCH = Template(
    en="The current version of {reference} is {current}, which If-None-Match excludes.",
    fr="La version courante de {reference} est {current}, que If-None-Match exclut.",
)
TOO_MANY_FOLLOWED = Template(
    en="'{parameter}' refers by canonical urls, and more than {limit} resources are at the other end."
    " Ask more of them.",
    fr="« {parameter} » désigne par des urls canoniques, et plus de {limit} ressources sont à l'autre bout."
    " Précisez lesquelles.",
)
NOT_FOUND = Template(en="{reference} does not exist.", fr="{reference} n'existe pas.")
DELETED = Template(
    en="{reference} was deleted (version {version}). Its history can still be read.",
    fr="{reference} a été supprimée (version {version}). Son historique reste lisible.",
)
BAD_SUMMARY = Template(
    en="_summary={value} is not known; use one of {valid}.",
    fr="_summary={value} est inconnu ; utilisez l'une des valeurs {valid}.",
)
BAD_ELEMENT = Template(
    en="_elements names '{value}', which is no element of {type}.",
    fr="_elements nomme « {value} », qui n'est pas un élément de {type}.",
)
BODY_NEEDED = Template(
    en="This interaction needs a body: one {type} resource in JSON.",
    fr="Cette interaction attend un corps : une ressource {type} en JSON.",
)
ONLY_A_PART = Template(
    en="The resource is tagged SUBSETTED: it is but a part of the one that was read. Read it whole first.",
    fr="La ressource porte SUBSETTED : ce n'est qu'une partie de celle qui fut lue. Relisez-la en entier.",
)
WRONG_TYPE = Template(
    en="The body is of the type {given}, but the URL is for {type}. "
    "Post it to /{given}, or change its resourceType.",
    fr="Le corps est une ressource {given}, mais l'URL concerne {type}. "
    "Envoyez-la à /{given}, ou corrigez resourceType.",
)
NO_ID = Template(
    en='The body has no id. Put "id": "{id}" in it, the same as in the URL.',
    fr='Le corps n\'a pas d\'id. Ajoutez-y "id": "{id}", comme dans l\'URL.',
)
OTHER_ID = Template(
    en="The body's id is '{given}', but the URL says '{id}'. Make them the same.",
    fr="L'id du corps est « {given} », mais l'URL indique « {id} ». Rendez-les identiques.",
)
BAD_ID = Template(
    en="'{id}' is not a valid id: use 1 to 64 letters, digits, '-' and '.'.",
    fr="« {id} » n'est pas un id valide : de 1 à 64 lettres, chiffres, « - » et « . ».",
)
NO_CRITERIA = Template(
    en="A conditional {interaction} needs at least one search criterion, such as identifier=system|value.",
    fr="Un {interaction} conditionnel exige au moins un critère, par exemple identifier=système|valeur.",
)
EMPTY_CRITERION = Template(
    en="'{name}' has no value: without it, '{criteria}' would match more. Give it one, or leave it out.",
    fr="« {name} » n'a pas de valeur : sans lui, « {criteria} » viserait plus. Donnez-en une ou ôtez-le.",
)
SEVERAL_MATCHES = Template(
    en="Several {type} resources match '{criteria}'. Use criteria that match one at most.",
    fr="Plusieurs ressources {type} correspondent à « {criteria} ». Précisez pour n'en désigner qu'une.",
)
TOO_MANY_MATCHES = Template(
    en="More than {limit} {type} resources match '{criteria}'. Narrow the criteria.",
    fr="Plus de {limit} ressources {type} correspondent à « {criteria} ». Restreignez les critères.",
)
MATCH_HAS_OTHER_ID = Template(
    en="The criteria match {reference}, but the body's id is '{given}'. Remove it or use the match's id.",
    fr="Les critères désignent {reference}, mais l'id du corps est « {given} ». Retirez-le ou corrigez-le.",
)
ID_TAKEN = Template(
    en="Nothing matches the criteria, and {reference} exists already, so it is not created under that id.",
    fr="Rien ne correspond aux critères et {reference} existe déjà : elle n'est pas créée sous cet id.",
)
CRITERIA_OF_OTHER_TYPE = Template(
    en="The criteria are for {given}, but the {interaction} is for {type}.",
    fr="Les critères portent sur {given}, mais l'interaction ({interaction}) sur {type}.",
)
UNKNOWN_TYPE = Template(
    en="'{name}' is not a resource type of FHIR R4{hint}",
    fr="« {name} » n'est pas un type de ressource de FHIR R4{hint}",
)
NEAREST = Template(en="; did you mean {name}?", fr=" ; vouliez-vous dire {name} ?")
NOT_IN_COMPARTMENT = Template(
    en="The {compartment} compartment holds no {name}. Search /{name} instead.",
    fr="Le compartiment {compartment} ne contient pas de {name}. Cherchez plutôt dans /{name}.",
)
UNKNOWN_OPERATION = Template(
    en="There is no operation {name}{hint} The CapabilityStatement lists those that there are.",
    fr="Il n'y a pas d'opération {name}{hint} Le CapabilityStatement énumère celles qui existent.",
)
OPERATION_ELSEWHERE = Template(
    en="The operation {name} is not offered here, but at: {places}.",
    fr="L'opération {name} n'est pas proposée ici, mais à : {places}.",
)
UNKNOWN_PATH = Template(
    en="There is nothing at {path}. See https://hl7.org/fhir/R4/http.html for the paths of the FHIR API.",
    fr="Rien ne se trouve à {path}. Voir https://hl7.org/fhir/R4/http.html pour les chemins de l'API FHIR.",
)
METHOD_NOT_ALLOWED = Template(
    en="{method} is not possible on {path}. Allowed: {allowed}.",
    fr="{method} n'est pas possible sur {path}. Possibles : {allowed}.",
)
UNKNOWN_MODE = Template(
    en="mode={mode} is not known; use full, normative or terminology.",
    fr="mode={mode} est inconnu ; utilisez full, normative ou terminology.",
)
BAD_COUNT = Template(
    en="_count must be a whole number, 0 or more: {value}.",
    fr="_count doit être un entier positif ou nul : {value}.",
)
BAD_TIME = Template(
    en="{name} is not a date or an instant: {value}.",
    fr="{name} n'est ni une date ni un instant : {value}.",
)
SINCE_AND_AT = Template(
    en="_since and _at exclude each other. Keep one.",
    fr="_since et _at s'excluent. N'en gardez qu'un.",
)
BESIDE_A_PAGE = Template(
    en="'{name}' cannot be added to a link to a page, which goes on as its first page was asked for."
    " Follow the link as it is, or start again with other parameters.",
    fr="« {name} » ne peut pas s'ajouter à un lien vers une page, qui continue ce que demandait la première."
    " Suivez le lien tel quel, ou recommencez avec d'autres paramètres.",
)
LIST_TOO_LONG = Template(
    en="The List '{value}' refers to {count} resources; a history of {limit} at most is made. Ask for the"
    " history of a type, or of one resource after the other.",
    fr="La List « {value} » désigne {count} ressources ; un historique n'en réunit que {limit}. Demandez"
    " l'historique d'un type, ou d'une ressource après l'autre.",
)
REPEATED_HISTORY_PARAMETER = Template(
    en="'{name}' is given several times. Keep one.", fr="« {name} » est donné plusieurs fois. Gardez-en un."
)
HISTORY_ORDER = Template(
    en="A history is sorted by _sort=-_lastUpdated, the last change first, and not by {value}.",
    fr="Un historique est trié par _sort=-_lastUpdated, le dernier changement d'abord, et non par {value}.",
)
HISTORY_TOTAL = Template(
    en="_total is one of {valid}, and not {value}. A history says its total in any case.",
    fr="_total vaut {valid}, et non {value}. Un historique donne son total dans tous les cas.",
)
UNKNOWN_HISTORY_PARAMETER = Template(
    en="'{name}' is not a parameter of a history; use {valid}.",
    fr="« {name} » n'est pas un paramètre d'historique ; utilisez {valid}.",
)
NOT_A_BATCH = Template(
    en="A Bundle sent to the base must be of type batch or transaction, not {type}. "
    "To store it as a resource, post it to /Bundle.",
    fr="Un Bundle envoyé à la base doit être de type batch ou transaction, et non {type}. "
    "Pour le stocker tel quel, envoyez-le à /Bundle.",
)
TOO_MANY_ENTRIES = Template(
    en="The Bundle has {count} entries; this server takes {limit} at most. Split it.",
    fr="Le Bundle compte {count} entrées ; ce serveur en accepte {limit} au plus. Scindez-le.",
)
FHIRPATH_TOO_COSTLY = Template(
    en="The FHIRPath of profiles and patches takes too long up to here. Send fewer resources at a time.",
    fr="Le FHIRPath des profils et des correctifs est trop long jusqu'ici. Envoyez-en moins à la fois.",
)
NO_REQUEST = Template(
    en="The entry has no request with a method and a url.",
    fr="L'entrée n'a pas de request avec method et url.",
)
ENTRY_ELSEWHERE = Template(
    en="{url} is not below {base}. Write the URL of an entry relative to that: Patient/123.",
    fr="{url} n'est pas sous {base}. Écrivez l'URL d'une entrée relativement à celle-ci : Patient/123.",
)
SEARCH_WITH_RESOURCE = Template(
    en="A search in a Bundle takes no resource. Put the criteria into its url: Patient/_search?name=...",
    fr="Une recherche dans un Bundle ne prend pas de ressource. Mettez les critères dans son url : "
    "Patient/_search?name=...",
)
ENTRY_WITHOUT_RESOURCE = Template(
    en="A {method} entry needs a resource.", fr="Une entrée {method} exige une ressource."
)
DUPLICATE_FULL_URL = Template(
    en="fullUrl {url} is given to several entries.", fr="Le fullUrl {url} est donné à plusieurs entrées."
)
FULL_URL_OF_VERSION = Template(
    en="fullUrl {url} is that of a version. Leave /_history/... out.",
    fr="Le fullUrl {url} est celui d'une version. Retirez /_history/...",
)
FULL_URL_OTHER_ID = Template(
    en="fullUrl {url} says another id than the resource, '{id}'. Make them the same.",
    fr="Le fullUrl {url} donne un autre id que la ressource, « {id} ». Mettez le même.",
)
DUPLICATE_IDENTITY = Template(
    en="{reference} is written by several entries. In one transaction a resource may be written once only.",
    fr="{reference} est écrite par plusieurs entrées. Une transaction n'écrit une ressource qu'une fois.",
)
ENTRY_NOT_YET_KNOWN = Template(
    en="The condition names {url}, which has no identity yet. Seek what that entry holds (an identifier).",
    fr="La condition nomme {url}, encore sans identité. Cherchez ce que contient l'entrée (identifiant).",
)
DANGLING_URN = Template(
    en="The reference {reference} is no fullUrl of this Bundle. Add the entry or correct the reference.",
    fr="La référence {reference} n'est le fullUrl d'aucune entrée. Ajoutez l'entrée ou corrigez-la.",
)
LONE_URN = Template(
    en="The reference {reference} could only be to an entry of the same transaction, and this is none."
    " Refer to the resource by type and id, or send both in a transaction.",
    fr="La référence {reference} ne pourrait désigner qu'une entrée de la même transaction, et il n'y en a"
    " pas ici. Désignez la ressource par type et id, ou envoyez les deux dans une transaction.",
)
BATCH_LINKS_NOTHING = Template(
    en="The reference {reference} is to another entry, and a batch links none. Send them as a transaction.",
    fr="La référence {reference} désigne une autre entrée, or un batch n'en lie aucune : "
    "envoyez une transaction.",
)
ENTRY_OF_OTHER_TYPE = Template(
    en="This reference is to an entry of the type {type}; it must be to one of {targets}.",
    fr="Cette référence désigne une entrée de type {type} ; elle doit désigner {targets}.",
)
URL_NOT_UTF8 = Template(
    en="'{url}' is not UTF-8. Encode it in UTF-8, with percent signs.",
    fr="« {url} » n'est pas en UTF-8. Encodez-le en UTF-8, avec des signes pour cent.",
)
CONDITIONAL_REFERENCE_UNMATCHED = Template(
    en="The conditional reference {reference} matches no resource.",
    fr="La référence conditionnelle {reference} ne désigne aucune ressource.",
)
CONDITIONAL_REFERENCE_AMBIGUOUS = Template(
    en="The conditional reference {reference} matches several resources.",
    fr="La référence conditionnelle {reference} désigne plusieurs ressources.",
)
NOT_IN_TRANSACTION = Template(
    en="{method} {url} cannot stand inside a transaction.",
    fr="{method} {url} ne peut figurer dans une transaction.",
)
PATCH_MEDIA_TYPE = Template(
    en="A patch is sent as application/json-patch+json, or as a Parameters resource in "
    "application/fhir+json; not as '{given}'.",
    fr="Un patch s'envoie en application/json-patch+json, ou comme ressource Parameters en "
    "application/fhir+json ; pas en « {given} ».",
)
PATCH_NO_PARAMETERS = Template(
    en="A patch in application/fhir+json is a Parameters resource that holds operations, and this is none."
    " Send a list of operations as application/json-patch+json, and a whole resource by PUT.",
    fr="Un patch en application/fhir+json est une ressource Parameters qui contient des opérations."
    " Envoyez une liste d'opérations en application/json-patch+json, et une ressource entière par PUT.",
)
PATCH_NOT_A_LIST = Template(
    en="A JSON Patch is an array of operations.", fr="Un JSON Patch est un tableau d'opérations."
)
PATCH_BAD_OPERATION = Template(
    en="Operation {index} of the patch is not valid: {reason}.",
    fr="L'opération {index} du patch n'est pas valide : {reason}.",
)
PATCH_NOT_APPLICABLE = Template(
    en="Operation {index} of the patch cannot be applied at {path}: {reason}.",
    fr="L'opération {index} du patch ne peut s'appliquer à {path} : {reason}.",
)
PATCH_NO_SUCH_NAME = Template(en="there is no element {name} here", fr="il n'y a pas ici d'élément {name}")
PATCH_NO_ELEMENT = Template(
    en="it leads to something else than elements of the resource; end it with an element's name, such as "
    "Patient.name[0].family",
    fr="il mène à autre chose que des éléments de la ressource ; terminez-le par le nom d'un élément, comme "
    "Patient.name[0].family",
)
PATCH_NO_ELEMENT_THERE = Template(en="there is no such element", fr="cet élément n'existe pas")
PATCH_SEVERAL_ELEMENTS = Template(
    en="the path leads to {count} elements instead of one",
    fr="le chemin mène à {count} éléments au lieu d'un seul",
)
PATCH_WHOLE_RESOURCE = Template(
    en="the path leads to the resource itself", fr="le chemin mène à la ressource elle-même"
)
PATCH_TOO_DEEP = Template(en="the path has too many steps", fr="le chemin a trop d'étapes")
PATCH_EXISTS = Template(en="{name} exists already; use replace", fr="{name} existe déjà ; utilisez replace")
PATCH_LIST_NEEDED = Template(
    en="the path must end with the name of a list", fr="le chemin doit finir par le nom d'une liste"
)
PATCH_NO_LIST = Template(en="{name} is not a list", fr="{name} n'est pas une liste")
PATCH_INDEX = Template(
    en="{name} must be between 0 and {highest}", fr="{name} doit être compris entre 0 et {highest}"
)
PATCH_GIVEN_TWICE = Template(en="{name} is given twice", fr="{name} est donné deux fois")
PATCH_OTHER_TYPE = Template(en="{name} cannot be a {given}", fr="{name} ne peut être un {given}")
PATCH_RESOURCE = Template(en="resource", fr="ressource")
PATCH_NO_MEMBER = Template(en="there is no '{name}'", fr="il n'y a pas de « {name} »")
PATCH_NO_PARENT = Template(
    en="its parent is neither an object nor an array", fr="son parent n'est ni un objet ni un tableau"
)
PATCH_NO_INDEX = Template(
    en="'{step}' is no index of this array", fr="« {step} » n'est pas un indice de ce tableau"
)
PATCH_COPIES_TOO_MUCH = Template(en="the patch copies too much", fr="le patch copie trop")
PATCH_INTO_ITSELF = Template(
    en="a value cannot be moved into itself", fr="une valeur ne peut être déplacée en elle-même"
)
PATCH_OP_NEEDED = Template(en="op must be one of {valid}", fr="op doit être l'un de {valid}")
PATCH_MISSING = Template(en="'{member}' is missing", fr="« {member} » manque")
PATCH_POINTER_NEEDED = Template(
    en="'{member}' is not a JSON Pointer, such as /name/0/family",
    fr="« {member} » n'est pas un JSON Pointer, comme /name/0/family",
)
PATCH_NAMES_NEEDED = Template(
    en="it needs the name 'operation', and parts that have a name each",
    fr="il lui faut le nom « operation » et des parties qui ont chacune un nom",
)
PATCH_PART_TWICE = Template(en="a part is given twice", fr="une partie est donnée deux fois")
PATCH_TYPE_NEEDED = Template(
    en="it needs a type ({valid}) and a path", fr="il lui faut un type ({valid}) et un path"
)
PATCH_MISSING_PART = Template(
    en="'{member}' is missing or has a value of another type",
    fr="« {member} » manque ou a une valeur d'un autre type",
)
PATCH_TEST_FAILED = Template(
    en="The test at {path} does not hold (operation {index}).",
    fr="Le test à {path} n'est pas vérifié (opération {index}).",
)
PATCH_CHANGES_IDENTITY = Template(
    en="A patch may not change the type or the id of a resource.",
    fr="Un patch ne peut changer ni le type ni l'id d'une ressource.",
)
INCLUDES_CAPPED = Template(
    en="Only the first {limit} included resources of this page are shown. Ask for smaller pages with _count.",
    fr="Seules les {limit} premières ressources incluses de cette page sont montrées. "
    "Demandez des pages plus petites avec _count.",
)
OTHER_DEFINITIONS = Template(
    en="This process indexes {count} search parameters otherwise than the store does ({parameter} among"
    " them), so it cannot write. Start it again with the same version, guides and settings as the others.",
    fr="Ce processus indexe {count} paramètres de recherche autrement que l'entrepôt (dont {parameter}) ; il"
    " ne peut donc pas écrire. Redémarrez-le avec les mêmes version, guides et réglages que les autres.",
)
DEFINITIONS_CHANGING = Template(
    en="The search parameters changed again and again meanwhile. Nothing was written; send it again.",
    fr="Les paramètres de recherche ont changé sans cesse entre-temps. Rien n'a été écrit ; renvoyez.",
)
TOO_MUCH_TO_INDEX = Template(
    en="The resource has more than {limit} values and words that searches would find it by, the most that"
    " this server indexes of one. Split it.",
    fr="La ressource a plus de {limit} valeurs et mots par lesquels des recherches la trouveraient, le"
    " maximum que ce serveur indexe pour une seule. Scindez-la.",
)
