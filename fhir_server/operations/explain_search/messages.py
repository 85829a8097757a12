"""The messages of $explain-search, in English and French."""

from fhir_server.issues import Template

# --- joining ---

AND = Template(en="{first}; and {second}", fr="{first} ; et {second}")
OR = Template(en="{first}; or {second}", fr="{first} ; ou {second}")
MORE = Template(en="one of {count} further values", fr="l'une de {count} autres valeurs")
NOT = Template(en="not the case that {clause}", fr="il n'est pas vrai que {clause}")
GROUP = Template(en="({clause})", fr="({clause})")

# --- values of one parameter ---

NO_VALUE_THAT = Template(en="no value fits: {clause}", fr="aucune valeur ne convient : {clause}")
MISSING = Template(en="{parameter} has no value", fr="{parameter} n'a pas de valeur")
PRESENT = Template(en="{parameter} has a value", fr="{parameter} a une valeur")

STARTS_WITH = Template(
    en="{parameter} starts with '{text}' (case, accents and punctuation do not count)",
    fr="{parameter} commence par « {text} » (casse, accents et ponctuation ne comptent pas)",
)
CONTAINS = Template(
    en="{parameter} contains '{text}' (case, accents and punctuation do not count)",
    fr="{parameter} contient « {text} » (casse, accents et ponctuation ne comptent pas)",
)
ENDS_WITH = Template(en="{parameter} ends with '{text}'", fr="{parameter} se termine par « {text} »")
HAS_WORDS = Template(
    en="{parameter} has every word of '{text}'", fr="{parameter} contient chaque mot de « {text} »"
)
EXACTLY = Template(
    en="{parameter} is exactly '{text}', with case and accents",
    fr="{parameter} est exactement « {text} », casse et accents compris",
)
TEXT_IS = Template(
    en="{parameter}, as the index has it, is {operator} '{text}'",
    fr="{parameter}, tel que l'index le contient, est {operator} « {text} »",
)

ANY_SYSTEM = Template(
    en="{parameter} has the code '{code}', of whatever system",
    fr="{parameter} a le code « {code} », quel que soit le système",
)
NO_SYSTEM = Template(
    en="{parameter} has the code '{code}' without a system",
    fr="{parameter} a le code « {code} » sans système",
)
OF_SYSTEM = Template(
    en="{parameter} has the code '{code}' of the system {system}",
    fr="{parameter} a le code « {code} » du système {system}",
)
EVERY_CODE = Template(
    en="{parameter} has any code of the system {system}",
    fr="{parameter} a un code quelconque du système {system}",
)
CODE_SET = Template(
    en="{parameter} has one of {count} codes of the system {system}",
    fr="{parameter} a l'un des {count} codes du système {system}",
)
CODE_STARTS = Template(
    en="{parameter} has a code that begins with '{code}'",
    fr="{parameter} a un code qui commence par « {code} »",
)
OF_TYPE = Template(
    en="{parameter} has the value '{value}' of the type {system}|{code}",
    fr="{parameter} a la valeur « {value} » du type {system}|{code}",
)

REFERS = Template(en="{parameter} refers to {reference}", fr="{parameter} fait référence à {reference}")
REFERS_TO_ID = Template(
    en="{parameter} refers to a resource of whatever type with the id '{id}'",
    fr="{parameter} fait référence à une ressource d'id « {id} », quel que soit son type",
)
REFERS_BELOW = Template(
    en="{parameter} refers to {reference} or a version below it",
    fr="{parameter} fait référence à {reference} ou à une version en dessous",
)

PERIOD = Template(en="the time from {low} until {high}", fr="le temps de {low} à {high}")
BEGINNING = Template(en="the beginning of time", fr="le début des temps")
END = Template(en="the end of time", fr="la fin des temps")
DATE_EQ = Template(en="{parameter} lies within {period}", fr="{parameter} est compris dans {period}")
DATE_NE = Template(
    en="{parameter} does not lie within {period}", fr="{parameter} n'est pas compris dans {period}"
)
DATE_GT = Template(en="{parameter} goes on after {period}", fr="{parameter} se poursuit après {period}")
DATE_LT = Template(en="{parameter} begins before {period}", fr="{parameter} commence avant {period}")
DATE_GE = Template(
    en="{parameter} lies within {period} or goes on after it",
    fr="{parameter} est compris dans {period} ou se poursuit après",
)
DATE_LE = Template(
    en="{parameter} lies within {period} or begins before it",
    fr="{parameter} est compris dans {period} ou commence avant",
)
DATE_SA = Template(en="{parameter} begins after {period}", fr="{parameter} commence après {period}")
DATE_EB = Template(en="{parameter} ends before {period}", fr="{parameter} se termine avant {period}")
DATE_AP = Template(en="{parameter} overlaps {period}", fr="{parameter} recoupe {period}")
DATE_CO = Template(en="{parameter} covers all of {period}", fr="{parameter} couvre entièrement {period}")

NUMBER_EQ = Template(
    en="{parameter} is from {low} to less than {high}", fr="{parameter} va de {low} à moins de {high}"
)
NUMBER_NE = Template(
    en="{parameter} is not from {low} to less than {high}",
    fr="{parameter} n'est pas compris entre {low} et moins de {high}",
)
NUMBER_AP = Template(en="{parameter} is about {low} to {high}", fr="{parameter} va d'environ {low} à {high}")
NUMBER_COMPARED = Template(en="{parameter} is {operator} {value}", fr="{parameter} est {operator} {value}")
IN_UNIT = Template(en="{number}, in {unit}", fr="{number}, en {unit}")
IN_ANY_UNIT = Template(en="{number}, in whatever unit", fr="{number}, quelle que soit l'unité")
UNIT_OF_SYSTEM = Template(en="{code} of {system}", fr="{code} de {system}")

URI_IS = Template(en="{parameter} is {uri}", fr="{parameter} est {uri}")
URI_IS_NOT = Template(en="{parameter} is not {uri}", fr="{parameter} n'est pas {uri}")
URI_BELOW = Template(en="{parameter} begins with {uri}", fr="{parameter} commence par {uri}")
URI_CONTAINS = Template(en="{parameter} contains {uri}", fr="{parameter} contient {uri}")
WORD = Template(en="its text has the word '{word}'", fr="son texte contient le mot « {word} »")
WORD_OF_NARRATIVE = Template(
    en="its narrative has the word '{word}'", fr="son texte narratif contient le mot « {word} »"
)
NEAR = Template(
    en="{parameter}: within {metres} m of {latitude}, {longitude}",
    fr="{parameter} : à moins de {metres} m de {latitude}, {longitude}",
)
ONE_PART = Template(
    en="in one and the same part of {parameter}: {parts}",
    fr="dans une seule et même partie de {parameter} : {parts}",
)
COMPONENT = Template(en="component {number}", fr="composant {number}")

PARAMETER_TEXT = Template(en="the text of {parameter}", fr="le texte de {parameter}")
PARAMETER_IDENTIFIER = Template(en="the identifier in {parameter}", fr="l'identifiant dans {parameter}")
PARAMETER_WITHOUT_CASE = Template(
    en="{parameter} (case does not count)", fr="{parameter} (la casse ne compte pas)"
)
PARAMETER_IN_BASE_UNITS = Template(
    en="{parameter} (in UCUM's base units)", fr="{parameter} (en unités de base UCUM)"
)

# --- other resources ---

CHAIN = Template(
    en="{parameter} refers to a resource ({types}) of which it is true: {where}",
    fr="{parameter} fait référence à une ressource ({types}) pour laquelle : {where}",
)
HAS = Template(
    en="a resource ({type}) refers to it by {parameter}, of which it is true: {where}",
    fr="une ressource ({type}) y fait référence par {parameter}, pour laquelle : {where}",
)
ABOVE = Template(
    en="{parameter} refers to {reference} or to one that it is part of",
    fr="{parameter} fait référence à {reference} ou à une ressource dont elle fait partie",
)
BELOW = Template(
    en="{parameter} refers to {reference} or to one that is part of it",
    fr="{parameter} fait référence à {reference} ou à une ressource qui en fait partie",
)

# --- what serves a clause ---

INDEX = Template(en="the {kind} index of {parameters}", fr="l'index {kind} de {parameters}")
OWN_INDEX = Template(en="the resources' own {parameter}", fr="le {parameter} des ressources elles-mêmes")
THEN = Template(en="{first}, and {second}", fr="{first}, et {second}")

# --- parameters of the answer ---

SORTED = Template(
    en="Sorted by {keys}; what has no value comes last, and the oldest first among equals.",
    fr="Trié par {keys} ; ce qui n'a pas de valeur vient en dernier et, à égalité, le plus ancien d'abord.",
)
INCLUDED = Template(
    en="With each page comes what its {source} resources refer to by {parameter}.",
    fr="Chaque page est accompagnée de ce à quoi ses ressources {source} font référence par {parameter}.",
)
REVINCLUDED = Template(
    en="With each page come the {source} resources that refer to its matches by {parameter}.",
    fr="Chaque page est accompagnée des ressources {source} qui y font référence par {parameter}.",
)
SHAPES_THE_ANSWER = Template(
    en="Shapes the answer and finds nothing.", fr="Met en forme la réponse et ne cherche rien."
)

# --- why a resource is not among the matches ---

RESOURCE_NEEDED = Template(
    en="'{value}' names no resource. Write resource=Type/id, as in resource=Patient/42.",
    fr="« {value} » ne désigne pas de ressource. Écrivez resource=Type/id, par exemple resource=Patient/42.",
)
NEVER_WAS = Template(en="{reference} does not exist.", fr="{reference} n'existe pas.")
IS_DELETED = Template(en="{reference} was deleted.", fr="{reference} a été supprimée.")
OTHER_TYPE = Template(
    en="{reference} is not of the types that are searched ({types}).",
    fr="{reference} n'est pas des types recherchés ({types}).",
)
IS_A_MATCH = Template(en="{reference} is among the matches.", fr="{reference} fait partie des résultats.")
CANNOT_TELL = Template(
    en="It cannot be told whether {reference} matches before the problems are solved.",
    fr="On ne peut dire si {reference} correspond avant que les problèmes soient résolus.",
)
BECAUSE = Template(
    en="{reference} is not among the matches because of {clause}. {reason}",
    fr="{reference} ne fait pas partie des résultats à cause de {clause}. {reason}",
)
ASKED_BUT_FOUND = Template(
    en="Asked is that {meaning}; but {parameter} is {found} there.",
    fr="Il est demandé que {meaning} ; or {parameter} y vaut {found}.",
)
ASKED_BUT_EMPTY = Template(
    en="Asked is that {meaning}; but {parameter} has no value there.",
    fr="Il est demandé que {meaning} ; or {parameter} n'y a pas de valeur.",
)
ASKED = Template(en="Asked is that {meaning}.", fr="Il est demandé que {meaning}.")
NO_SUCH_TARGET = Template(
    en="Asked is that {meaning}; but {parameter} refers to no {types} that is stored here.",
    fr="Il est demandé que {meaning} ; or {parameter} ne désigne aucune ressource {types} stockée ici.",
)
TARGET_FAILS = Template(
    en="{parameter} refers to {reference}. {reason}", fr="{parameter} fait référence à {reference}. {reason}"
)
NOBODY_REFERS = Template(
    en="Asked is that {meaning}; but no {type} refers to it by {parameter}.",
    fr="Il est demandé que {meaning} ; or aucune ressource {type} n'y fait référence par {parameter}.",
)
REFERRING_FAIL = Template(
    en="Asked is that {meaning}; {type} resources do refer to it by {parameter}, but of none of them is the"
    " rest true.",
    fr="Il est demandé que {meaning} ; des ressources {type} y font bien référence par {parameter}, mais le"
    " reste n'est vrai d'aucune.",
)
