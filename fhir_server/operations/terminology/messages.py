"""The messages of the terminology operations, in English and French."""

from fhir_server.issues import Template

WRONG_KIND = Template(
    en="The parameter {name} has to be {kind}.",
    fr="Le paramètre {name} doit être {kind}.",
)
ONCE = Template(
    en="The parameter {name} may be given once only.",
    fr="Le paramètre {name} ne peut être donné qu'une fois.",
)
TEXT = Template(
    en="a simple value, such as valueUri or valueString",
    fr="une valeur simple, comme valueUri ou valueString",
)
FLAG = Template(
    en="true or false",
    fr="true ou false",
)
NUMBER = Template(
    en="a whole number, 0 or more",
    fr="un entier positif ou nul",
)
CODING = Template(
    en="a valueCoding, in a Parameters resource",
    fr="un valueCoding, dans une ressource Parameters",
)
CONCEPT = Template(
    en="a valueCodeableConcept, in a Parameters resource",
    fr="un valueCodeableConcept, dans une ressource Parameters",
)
RESOURCE = Template(
    en="a resource of type {types}, in a Parameters resource",
    fr="une ressource de type {types}, dans une ressource Parameters",
)
PARTS = Template(
    en="made of parts, in a Parameters resource",
    fr="composé de parties, dans une ressource Parameters",
)
BODY_NEEDED = Template(
    en="The body of this operation is a Parameters resource{or_resource}.",
    fr="Le corps de cette opération est une ressource Parameters{or_resource}.",
)
OR_RESOURCE = Template(
    en=", or the {type} itself",
    fr=", ou la ressource {type} elle-même",
)
BAD_RESOURCE = Template(
    en="This {type} cannot be used: {reason}.",
    fr="Cette ressource {type} est inutilisable : {reason}.",
)
VALUE_SET_NEEDED = Template(
    en="Say which value set: give url, context or valueSet, or call the operation on a ValueSet.",
    fr="Précisez le jeu de valeurs : donnez url, context ou valueSet, ou appelez l'opération sur un "
    "ValueSet.",
)
BAD_CONTEXT = Template(
    en="'{context}' names no element. Give context as the url of a StructureDefinition, # and the path of an "
    "element, such as http://hl7.org/fhir/StructureDefinition/Observation#Observation.status.",
    fr="« {context} » ne désigne aucun élément. Donnez context comme l'url d'une StructureDefinition, # et "
    "le chemin d'un élément, comme http://hl7.org/fhir/StructureDefinition/Observation#Observation.status.",
)
UNKNOWN_STRUCTURE = Template(
    en="The StructureDefinition {url} of the context is not known to this server.",
    fr="La StructureDefinition {url} du contexte est inconnue de ce serveur.",
)
NOT_BOUND = Template(
    en="{structure} binds no element {place} to a value set.",
    fr="{structure} ne lie aucun élément {place} à un jeu de valeurs.",
)
CODE_SYSTEM_NEEDED = Template(
    en="Say which code system: give {names}.",
    fr="Précisez le système de codes : donnez {names}.",
)
CODE_NEEDED = Template(
    en="Say what is to be checked: give one of {names}.",
    fr="Précisez ce qu'il faut vérifier : donnez l'un de {names}.",
)
ONE_OF = Template(
    en="Give one of {names} only.",
    fr="Ne donnez que l'un de {names}.",
)
SAID_TWICE = Template(
    en="The coding says '{coding}', and the parameter {name} '{value}'. Give one of them only.",
    fr="Le codage dit « {coding} », et le paramètre {name} « {value} ». Ne donnez que l'un des deux.",
)
TWO_CODES_NEEDED = Template(
    en="Give the two codes to compare: codeA and codeB with system, or codingA and codingB.",
    fr="Donnez les deux codes à comparer : codeA et codeB avec system, ou codingA et codingB.",
)
TWO_SYSTEMS = Template(
    en="The two codes are of different systems: {first} and {second}.",
    fr="Les deux codes sont de systèmes différents : {first} et {second}.",
)
BAD_VERSION_PARAMETER = Template(
    en="The parameter {name} has to be the canonical url of a code system with its version, url|version: "
    "{value}.",
    fr="Le paramètre {name} doit être l'url canonique d'un système de codes avec sa version, url|version "
    ": {value}.",
)
BAD_LANGUAGE = Template(
    en="'{value}' is no language. Give displayLanguage as BCP 47 has it, such as fr or fr-CA, or a list.",
    fr="« {value} » n'est pas une langue. Donnez displayLanguage selon BCP 47, comme fr ou fr-CA, ou une "
    "liste.",
)
VALIDATIONS_NEEDED = Template(
    en="Give at least one parameter validation, whose resource is the Parameters of a $validate-code.",
    fr="Donnez au moins un paramètre validation, dont la ressource est le Parameters d'un $validate-code.",
)
TOO_MANY_VALIDATIONS = Template(
    en="There are {count} validations, more than the {limit} that are done at once. Send several requests.",
    fr="Il y a {count} validations, plus que les {limit} faites en une fois. Envoyez plusieurs requêtes.",
)
TOO_MANY_CODINGS = Template(
    en="The concept has {count} codings, more than the {limit} that are looked at. Send several requests.",
    fr="Le concept a {count} codages, plus que les {limit} examinés. Envoyez plusieurs requêtes.",
)
PROPERTIES_NEEDED = Template(
    en="Give at least one property, made of a code and a value.",
    fr="Donnez au moins une propriété, composée d'un code (code) et d'une valeur (value).",
)
NO_COMPOSITION = Template(
    en="Codes are not composed here; leave compositional out.",
    fr="Ce serveur ne compose pas de codes ; omettez compositional.",
)
NO_URL = Template(
    en="This CodeSystem has no url, so nothing can refer to its codes. Give it one.",
    fr="Ce CodeSystem n'a pas d'url : rien ne peut désigner ses codes. Donnez-lui-en une.",
)
ID_AND_TYPE_NEEDED = Template(
    en="Give the id that is known, and the type of the one that is wanted.",
    fr="Donnez l'identifiant connu (id) et le type (type) de celui qui est voulu.",
)
UNKNOWN_ID_TYPE = Template(
    en="'{type}' is not a type of identifier; use {valid}.",
    fr="« {type} » n'est pas un type d'identifiant ; utilisez {valid}.",
)
NO_PREFERRED_ID = Template(
    en="No naming system known to this server gives {id} an identifier of type {type}.",
    fr="Aucun système de nommage connu de ce serveur ne donne à {id} un identifiant de type {type}.",
)
SEVERAL_PREFERRED_IDS = Template(
    en="Several naming systems have {id}, with different identifiers of type {type}: {found}.",
    fr="Plusieurs systèmes de nommage ont {id}, avec des identifiants de type {type} différents : {found}.",
)
