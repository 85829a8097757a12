"""Messages of the structural validation, in English and French.

`{here}` is filled with the FHIRPath location once it is known.
"""

from fhir_server.issues import Template

# JSON types, used inside the sentences below

AN_OBJECT = Template(en="an object", fr="un objet")
AN_ARRAY = Template(en="an array", fr="un tableau")
A_STRING = Template(en="a string", fr="une chaîne")
A_NUMBER = Template(en="a number", fr="un nombre")
A_WHOLE_NUMBER = Template(en="a whole number", fr="un nombre entier")
A_BOOLEAN = Template(en="true or false", fr="true ou false")
A_NULL = Template(en="null", fr="null")

# the shape of JSON

WRONG_JSON_TYPE = Template(
    en="'{here}' must be {wanted}, not {found}.",
    fr="« {here} » doit être {wanted}, et non {found}.",
)
NOT_A_RESOURCE = Template(
    en="A resource must be a JSON object with a resourceType, not {found}.",
    fr="Une ressource doit être un objet JSON avec un resourceType, et non {found}.",
)
RESOURCE_TYPE_MISSING = Template(
    en='The resource does not say its type. Add "resourceType", for example "Patient".',
    fr="La ressource n'indique pas son type. Ajoutez « resourceType », par exemple « Patient ».",
)
RESOURCE_TYPE_UNKNOWN = Template(
    en="{type} is not a resource type of FHIR R4.{hint}",
    fr="{type} n'est pas un type de ressource de FHIR R4.{hint}",
)
LIST_WANTED = Template(
    en="'{here}' may repeat, so it must be an array even for one value: write [ ... ] around it.",
    fr="« {here} » peut se répéter : écrivez un tableau, même pour une seule valeur, entre [ et ].",
)
LIST_UNWANTED = Template(
    en="'{here}' does not repeat: write the one value without [ ] (found an array of {count}).",
    fr="« {here} » ne se répète pas : écrivez la valeur seule, sans [ ] (trouvé un tableau de {count}).",
)
EMPTY_LIST = Template(
    en="'{here}' is an empty array. Leave the property out instead.",
    fr="« {here} » est un tableau vide. Omettez plutôt la propriété.",
)
EMPTY_OBJECT = Template(
    en="'{here}' is empty: it needs a value, a child element or an extension. Leave it out instead.",
    fr="« {here} » est vide : il lui faut une valeur, un élément fils ou une extension. Omettez-le plutôt.",
)
EMPTY_STRING = Template(
    en="'{here}' is an empty string. Leave the property out instead.",
    fr="« {here} » est une chaîne vide. Omettez plutôt la propriété.",
)
NULL_VALUE = Template(
    en="'{here}' is null. Leave the property out instead.",
    fr="« {here} » est null. Omettez plutôt la propriété.",
)
NULL_ITEM = Template(
    en="null may stand in the array '{name}' only where '_{name}' holds an extension at the same place.",
    fr="null n'est admis dans le tableau « {name} » que si « _{name} » porte une extension à la même place.",
)
LENGTHS_DIFFER = Template(
    en="'{name}' has {values} items and '_{name}' has {companions}: fill up with nulls.",
    fr="« {name} » a {values} éléments et « _{name} » en a {companions} : complétez par des null.",
)

# elements

MISSING = Template(
    en="'{name}' is required in {owner} and is missing.",
    fr="« {name} » est obligatoire dans {owner} et manque.",
)
MISSING_CHOICE = Template(
    en="{owner} needs one of {names}, and has none.",
    fr="{owner} doit avoir l'un de {names}, et n'en a aucun.",
)
UNKNOWN_ELEMENT = Template(
    en="'{name}' is not an element of {owner}.{hint}",
    fr="« {name} » n'est pas un élément de {owner}.{hint}",
)
DID_YOU_MEAN = Template(en=" Did you mean '{name}'?", fr=" Vouliez-vous dire « {name} » ?")
NO_HINT = Template(en="", fr="")
COMMENTS = Template(
    en="'fhir_comments' is not part of R4's JSON. Take it out.",
    fr="« fhir_comments » ne fait pas partie du JSON de R4. Retirez-le.",
)
NO_COMPANION = Template(
    en="'{name}' is not allowed: '{element}' has nothing beside it. An object's extensions go inside it.",
    fr="« {name} » n'est pas admis : « {element} » n'a rien à côté de lui. Un objet contient ses extensions.",
)
CHOICE_WITHOUT_TYPE = Template(
    en="'{name}' must say its type in its name: write one of {names}.",
    fr="« {name} » doit porter son type dans son nom : écrivez l'un de {names}.",
)
CHOICE_TYPE_NOT_ALLOWED = Template(
    en="'{name}' is not allowed in {owner}: {element}[x] may be {names}.",
    fr="« {name} » n'est pas admis dans {owner} : {element}[x] peut être {names}.",
)
CHOICE_TWICE = Template(
    en="{element}[x] may be given once, and is given as {names}. Keep one of them.",
    fr="{element}[x] ne peut être donné qu'une fois, et l'est comme {names}. N'en gardez qu'un.",
)
NESTED_CONTAINED = Template(
    en="A contained resource must not contain others. Move them one level up.",
    fr="Une ressource contenue ne doit pas en contenir d'autres. Déplacez-les au niveau supérieur.",
)
EXTENSION_EMPTY = Template(
    en="An extension needs a value[x] or nested extensions, and has neither.",
    fr="Une extension doit avoir une value[x] ou des extensions imbriquées, et n'a ni l'un ni l'autre.",
)
EXTENSION_BOTH = Template(
    en="An extension must have either a value[x] or nested extensions, not both.",
    fr="Une extension doit avoir soit une value[x], soit des extensions imbriquées, pas les deux.",
)
TOO_MANY = Template(
    en="Checking stopped after {count} problems. Correct these and send the resource again.",
    fr="Le contrôle s'est arrêté après {count} problèmes. Corrigez-les et renvoyez la ressource.",
)
MANY_WARNINGS = Template(
    en="Only the first {count} warnings and remarks are told. All errors are.",
    fr="Seuls les {count} premiers avertissements et remarques sont indiqués. Toutes les erreurs le sont.",
)

# primitives

WRONG_FORMAT = Template(
    en="{value} is not a valid {type}: {form}.",
    fr="{value} ne convient pas au type {type} : {form}.",
)
TOO_LONG = Template(
    en="The text has {length} characters; at most {limit} are allowed.",
    fr="Le texte a {length} caractères ; {limit} au plus sont admis.",
)
FORM_DATE = Template(
    en="write YYYY, YYYY-MM or YYYY-MM-DD, and a day that exists",
    fr="écrivez AAAA, AAAA-MM ou AAAA-MM-JJ, et un jour qui existe",
)
FORM_DATE_TIME = Template(
    en="write a date, or a date with a time and its zone like 2024-03-31T14:30:00+02:00",
    fr="écrivez une date, ou une date avec une heure et son fuseau comme 2024-03-31T14:30:00+02:00",
)
FORM_INSTANT = Template(
    en="write a full date with a time and its zone like 2024-03-31T14:30:00.000Z",
    fr="écrivez une date complète avec une heure et son fuseau comme 2024-03-31T14:30:00.000Z",
)
FORM_TIME = Template(
    en="write hh:mm:ss, between 00:00:00 and 23:59:59, without a zone",
    fr="écrivez hh:mm:ss, entre 00:00:00 et 23:59:59, sans fuseau",
)
FORM_ID = Template(
    en="use 1 to 64 letters, digits, '-' and '.'",
    fr="utilisez de 1 à 64 lettres sans accent, chiffres, « - » et « . »",
)
FORM_CODE = Template(
    en="a code has no leading, trailing or doubled white space and no control characters",
    fr="un code n'a ni blanc au début, à la fin ou doublé, ni caractère de contrôle",
)
FORM_URI = Template(en="a URI has no white space", fr="une URI ne contient aucun blanc")
FORM_OID = Template(en="write urn:oid:1.2.3", fr="écrivez urn:oid:1.2.3")
FORM_UUID = Template(
    en="write it in small letters, like urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
    fr="écrivez-le en minuscules, comme urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
)
FORM_TEXT = Template(
    en="control characters other than tab and line ends are not allowed",
    fr="les caractères de contrôle autres que tabulation et fins de ligne ne sont pas admis",
)
FORM_BASE64 = Template(
    en="write base64 (RFC 4648) with its padding",
    fr="écrivez du base64 (RFC 4648) avec son remplissage",
)
FORM_XHTML = Template(
    en='write one <div xmlns="http://www.w3.org/1999/xhtml"> ... </div>',
    fr='écrivez un seul <div xmlns="http://www.w3.org/1999/xhtml"> ... </div>',
)
FORM_RANGE = Template(
    en="write a whole number from {low} to {high}",
    fr="écrivez un nombre entier de {low} à {high}",
)

# codes

CODE_NOT_IN_VALUE_SET = Template(
    en="{value} is not in the value set {value_set}, which is required here.{hint}",
    fr="{value} n'est pas dans le jeu de valeurs {value_set}, obligatoire ici.{hint}",
)
USE_ONE_OF = Template(en=" Use one of {codes}.", fr=" Utilisez l'un de {codes}.")
NO_CODING = Template(
    en="A coding from the value set {value_set} is required here; text alone is not enough.{hint}",
    fr="Un codage du jeu de valeurs {value_set} est obligatoire ici ; le texte seul ne suffit pas.{hint}",
)

# references

REFERENCE_TARGET = Template(
    en="This reference is to a {type}; it must be to {targets}.",
    fr="Cette référence vise une ressource {type} ; elle doit viser {targets}.",
)
REFERENCE_TYPE_DIFFERS = Template(
    en="The reference is to a {found}, but its 'type' says {stated}.",
    fr="La référence vise une ressource {found}, mais son « type » indique {stated}.",
)
REFERENCE_FORM = Template(
    en="{value} is not a reference: write Type/id, an absolute URL, urn:uuid:... or #id.",
    fr="{value} n'est pas une référence : écrivez Type/id, une URL absolue, urn:uuid:... ou #id.",
)
NOT_CONTAINED = Template(
    en="Nothing is contained here under the id '{id}'. Add it to 'contained' or correct the reference.",
    fr="Rien n'est contenu ici sous l'id « {id} ». Ajoutez-le à « contained » ou corrigez la référence.",
)
