"""Messages of the validation against profiles, in English and French."""

from fhir_server.issues import Template

# invariants

BROKEN = Template(en="{key}: {human}", fr="{key} : {human}")
RULE_FAULTY = Template(
    en="The rule {key} of the definitions cannot be evaluated, so it was not checked: {fault}",
    fr="La règle {key} des définitions ne peut être évaluée et n'a donc pas été contrôlée : {fault}",
)

# elements

TOO_FEW = Template(
    en="'{name}' must be given {minimum} times at least, and is given {count} times. Add what is missing.",
    fr="« {name} » doit figurer {minimum} fois au moins, et figure {count} fois. Ajoutez ce qui manque.",
)
TOO_MANY = Template(
    en="'{name}' may be given {maximum} times at most, and is given {count} times. Take out the rest.",
    fr="« {name} » peut figurer {maximum} fois au plus, et figure {count} fois. Retirez le reste.",
)
NOT_ALLOWED = Template(
    en="'{name}' is not used in {profile}. Take it out.",
    fr="« {name} » n'est pas utilisé dans {profile}. Retirez-le.",
)
TYPE_NOT_ALLOWED = Template(
    en="{profile} does not allow the type {type} here. Use one of {types}.",
    fr="{profile} n'admet pas ici le type {type}. Utilisez l'un de {types}.",
)
FIXED = Template(
    en="The value must be exactly {wanted}, and is {found}.",
    fr="La valeur doit être exactement {wanted}, et est {found}.",
)
PATTERN = Template(
    en="The value must contain {wanted}, and is {found}.",
    fr="La valeur doit contenir {wanted}, et est {found}.",
)
BELOW = Template(
    en="{found} is below the least value allowed, {limit}.",
    fr="{found} est inférieur à la plus petite valeur admise, {limit}.",
)
ABOVE = Template(
    en="{found} is above the greatest value allowed, {limit}.",
    fr="{found} est supérieur à la plus grande valeur admise, {limit}.",
)
TOO_LONG = Template(
    en="The text has {length} characters; {limit} at most are allowed. Shorten it.",
    fr="Le texte a {length} caractères ; {limit} au plus sont admis. Raccourcissez-le.",
)
TOO_SHORT = Template(
    en="The text has {length} characters; {limit} at least are wanted.",
    fr="Le texte a {length} caractères ; {limit} au moins sont demandés.",
)
WRONG_FORM = Template(
    en="{found} does not have the form that is wanted: {pattern}.",
    fr="{found} n'a pas la forme demandée : {pattern}.",
)
FORM_NOT_CHECKED = Template(
    en="The form {pattern} could not be checked: it is no pattern, or one that may take too long.",
    fr="La forme {pattern} n'a pu être vérifiée : motif invalide, ou trop long à évaluer.",
)
MUST_SUPPORT = Template(
    en="{profile} asks systems to support these elements, which this resource does not have: {names}.",
    fr="{profile} demande de savoir traiter ces éléments, que cette ressource n'a pas : {names}.",
)

# slices

SLICE_MISSING = Template(
    en="'{name}' needs {minimum} of the kind '{slice}' at least, and has {count}.",
    fr="Il faut au moins {minimum} « {name} » du genre « {slice} », et il y en a {count}.",
)
SLICE_TOO_FEW = Template(
    en="'{name}' needs {minimum} of the kind '{slice}' at least, and has {count}. Such a one has {criteria}.",
    fr="Il faut au moins {minimum} « {name} » du genre « {slice} », et il y en a {count}. "
    "Un tel élément a {criteria}.",
)
SLICE_TOO_MANY = Template(
    en="'{name}' may have {maximum} of the kind '{slice}' at most, and has {count}.",
    fr="Il faut au plus {maximum} « {name} » du genre « {slice} », et il y en a {count}.",
)
SLICE_NONE = Template(
    en="This is none of the kinds that {profile} allows here: {slices}.",
    fr="Ce n'est aucun des genres que {profile} admet ici : {slices}.",
)
SLICE_OPEN_AT_END = Template(
    en="An item of no defined kind must stand after those of the kinds {slices}. Move it to the end.",
    fr="Un élément d'aucun genre défini doit suivre ceux des genres {slices}. Déplacez-le à la fin.",
)
SLICE_ORDER = Template(
    en="An item of the kind '{slice}' must not stand after one of the kind '{before}'. Put them in order.",
    fr="Un élément du genre « {slice} » ne peut suivre un du genre « {before} ». Remettez-les dans l'ordre.",
)
SLICE_AMBIGUOUS = Template(
    en="This is of several kinds: '{slice}', as which it was checked, and '{other}'. It must be of one.",
    fr="C'est de plusieurs genres : « {slice} », comme tel contrôlé, et « {other} ». Il n'en faut qu'un.",
)
SLICE_UNDECIDED = Template(
    en="Whether this is of the kind '{slice}' could not be told, so it was not checked as such.",
    fr="On n'a pu dire si c'est du genre « {slice} » ; ce n'a donc pas été contrôlé comme tel.",
)

# codes

CODE_OUTSIDE_REQUIRED = Template(
    en="{value} is not in the value set {value_set}, which is required here. Use one of its codes.",
    fr="{value} n'est pas dans le jeu de valeurs {value_set}, obligatoire ici. Utilisez un de ses codes.",
)
CODE_OUTSIDE_EXTENSIBLE = Template(
    en="{value} is not in the value set {value_set}; use one of its codes unless none of them fits.",
    fr="{value} n'est pas dans le jeu de valeurs {value_set} ; utilisez un de ses codes si l'un convient.",
)
CODE_OUTSIDE_PREFERRED = Template(
    en="{value} is not in the value set {value_set}, which is recommended here.",
    fr="{value} n'est pas dans le jeu de valeurs {value_set}, recommandé ici.",
)
CODE_UNKNOWN = Template(
    en="'{code}' is not a code of {system}. Correct the code, or the system.",
    fr="« {code} » n'est pas un code de {system}. Corrigez le code, ou le système.",
)
DISPLAY_WRONG = Template(
    en="'{display}' is not a display of {code}. Use '{right}', or leave the display out.",
    fr="« {display} » n'est pas un libellé de {code}. Utilisez « {right} », ou omettez le libellé.",
)
DISPLAY_UNKNOWN = Template(
    en="'{display}' is not among the displays of {code} that are known here, such as '{right}'.",
    fr="« {display} » n'est pas parmi les libellés de {code} connus ici, comme « {right} ».",
)
SYSTEM_MISNAMED = Template(
    en="No code system is known as {system}. Its name is {right}.",
    fr="Aucun système de codes n'est connu sous {system}. Son nom est {right}.",
)
SYSTEM_IS_PAGE = Template(
    en="{system} is a page to read, not the name of a code system. Use the url that it gives.",
    fr="{system} est une page à lire, non le nom d'un système de codes. Utilisez l'url qu'elle indique.",
)
CODE_NOT_GIVEN = Template(
    en="No code is given; one of the value set {value_set} belongs here.",
    fr="Aucun code n'est donné ; un code du jeu de valeurs {value_set} est attendu ici.",
)
CODE_NOT_CHECKED = Template(
    en="{value} could not be checked: the codes of the value set {value_set} are not all known here.",
    fr="{value} n'a pu être contrôlé : les codes du jeu de valeurs {value_set} ne sont pas tous connus ici.",
)
SYSTEM_IS_SUPPLEMENT = Template(
    en="{system} supplements a code system, and is none itself. Name the system that the code is from.",
    fr="{system} complète un système de codes sans en être un. Désignez le système dont vient le code.",
)
SYSTEM_IS_VALUE_SET = Template(
    en="{system} is a value set, no code system. Name the system that the code is from.",
    fr="{system} est un jeu de valeurs, pas un système de codes. Désignez le système dont vient le code.",
)
CODE_ABSENT = Template(
    en="An extension says why there is no value, but a code of the value set {value_set} is required here.",
    fr="Une extension dit pourquoi la valeur manque, mais un code du jeu {value_set} est obligatoire ici.",
)

# the form of values

ELEMENT_EMPTY = Template(
    en="'{here}' has an id alone. Give it a value or an extension, or leave it out.",
    fr="« {here} » n'a qu'un id. Donnez-lui une valeur ou une extension, ou omettez-le.",
)
URN_FORM = Template(
    en="{value} is no well-formed URN: write urn:oid:1.2.3, or urn:uuid: with a UUID in small letters.",
    fr="{value} n'est pas un URN bien formé : écrivez urn:oid:1.2.3, ou urn:uuid: et un UUID en minuscules.",
)
CANONICAL_RELATIVE = Template(
    en="The canonical {value} is not absolute. Name the resource by the url that it has everywhere.",
    fr="L'adresse canonique {value} n'est pas absolue. Désignez la ressource par l'url qu'elle a partout.",
)
CANONICAL_TYPE = Template(
    en="The canonical {url} is that of {found}, and {wanted} belongs here.",
    fr="L'adresse canonique {url} est celle de {found}, et {wanted} est attendu ici.",
)
IDENTIFIER_SYSTEM = Template(
    en="The system {system} is not an absolute URI. Name it by a URL, or by urn:oid: and its OID.",
    fr="Le système {system} n'est pas une URI absolue. Désignez-le par une URL, ou par urn:oid: et son OID.",
)
IDENTIFIER_URI = Template(
    en="In the system urn:ietf:rfc:3986 a value is a whole URI, such as urn:uuid:..., and {value} is none.",
    fr="Dans le système urn:ietf:rfc:3986, la valeur est une URI entière, ce que {value} n'est pas.",
)
PERIOD_UNORDERED = Template(
    en="per-1: The start, {start}, is not sure to be before the end, {end}, as they are not equally precise."
    " Write both as precisely.",
    fr="per-1 : le début, {start}, n'est pas sûrement avant la fin, {end}, car leurs précisions diffèrent."
    " Donnez-leur la même précision.",
)
UNIT_UNKNOWN = Template(
    en="{code} is no unit of UCUM. Write one, such as mg, mm[Hg] or /min; free text belongs in 'unit'.",
    fr="{code} n'est pas une unité UCUM. Écrivez-en une, comme mg ou mm[Hg] ; le reste va dans « unit ».",
)
REFERENCE_SELF = Template(
    en="The reference # leads from a contained resource to that around it; here there is none around.",
    fr="La référence # mène d'une ressource contenue à celle qui la contient ; ici, rien ne contient.",
)
ATTACHMENT_HASH = Template(
    en="The hash is not that of data, whose SHA-1 is {found}. Correct it, or leave it out.",
    fr="L'empreinte n'est pas celle de data, dont le SHA-1 est {found}. Corrigez-la, ou omettez-la.",
)
ATTACHMENT_SIZE = Template(
    en="The size is said to be {size} bytes, but data holds {found}. Correct the size, or leave it out.",
    fr="La taille annoncée est de {size} octets, mais data en contient {found}. Corrigez-la, ou omettez-la.",
)

# extensions

EXTENSION_VERSIONED = Template(
    en="The url of an extension is that of its definition, without a version: write {url}.",
    fr="L'url d'une extension est celle de sa définition, sans version : écrivez {url}.",
)
EXTENSION_UNKNOWN = Template(
    en="The extension {url} is not known here, so it was not checked.",
    fr="L'extension {url} n'est pas connue ici et n'a donc pas été contrôlée.",
)
MODIFIER_UNKNOWN = Template(
    en="The modifier extension {url} is not known here, so the resource cannot be understood safely. "
    "Load its definition, or take it out.",
    fr="L'extension modificatrice {url} n'est pas connue ici : la ressource ne peut être comprise sûrement. "
    "Chargez sa définition, ou retirez-la.",
)
EXTENSION_IS_MODIFIER = Template(
    en="The extension {url} changes the meaning of what it is on: put it in 'modifierExtension'.",
    fr="L'extension {url} modifie le sens de ce qui la porte : mettez-la dans « modifierExtension ».",
)
EXTENSION_NO_MODIFIER = Template(
    en="The extension {url} is no modifier extension: put it in 'extension'.",
    fr="L'extension {url} n'est pas modificatrice : mettez-la dans « extension ».",
)
EXTENSION_CONTEXT = Template(
    en="The extension {url} may not stand here; it belongs on {contexts}.",
    fr="L'extension {url} ne peut figurer ici ; sa place est sur {contexts}.",
)
EXTENSION_INVARIANT = Template(
    en="The extension {url} may stand here only where {expression}.",
    fr="L'extension {url} ne peut figurer ici que si {expression}.",
)
EXTENSION_INNER = Template(
    en="'{url}' is not a part of the extension {outer}. It has {parts}.",
    fr="« {url} » n'est pas une partie de l'extension {outer}. Elle a {parts}.",
)
EXTENSION_URL = Template(
    en="'{url}' is not an absolute URL. Name the definition of the extension.",
    fr="« {url} » n'est pas une URL absolue. Désignez la définition de l'extension.",
)

# references

REFERENCE_PROFILE = Template(
    en="The {type} referred to satisfies none of {profiles}: {reason}",
    fr="La ressource {type} visée ne satisfait aucun de {profiles} : {reason}",
)
AGGREGATION = Template(
    en="The resource referred to must be {wanted}.",
    fr="La ressource visée doit être {wanted}.",
)
AGGREGATION_CONTAINED = Template(en="contained", fr="contenue (contained)")
AGGREGATION_REFERENCED = Template(en="outside this one", fr="hors de celle-ci")
AGGREGATION_BUNDLED = Template(en="in the same Bundle", fr="dans le même Bundle")

# profiles

PROFILE_UNKNOWN = Template(
    en="The profile {url} is not known here, so it was not checked. Load the package that defines it.",
    fr="Le profil {url} n'est pas connu ici et n'a donc pas été contrôlé. Chargez le paquet qui le définit.",
)
VITAL_SIGN = Template(
    en="By its code, this observation is held to {profile}: {reason}",
    fr="De par son code, cette observation doit satisfaire {profile} : {reason}",
)
PROFILE_FAULTY = Template(
    en="The profile {url} is faulty, so it was not checked: {reason}",
    fr="Le profil {url} est fautif et n'a donc pas été contrôlé : {reason}",
)
PROFILE_TYPE = Template(
    en="The profile {url} is for {wanted}, and this is of the type {found}.",
    fr="Le profil {url} concerne {wanted}, et ceci est une ressource {found}.",
)
