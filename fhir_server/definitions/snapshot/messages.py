"""Messages for StructureDefinitions whose snapshot cannot be generated."""

from fhir_server.issues import Template

UNKNOWN_BASE = Template(
    en="The base definition {url} is not known to this server. Load the package or StructureDefinition that "
    "has it.",
    fr="La définition de base {url} est inconnue de ce serveur. Chargez le paquet ou la StructureDefinition "
    "qui la contient.",
)
NO_BASE = Template(
    en="A profile needs a baseDefinition: the canonical of what it derives from.",
    fr="Un profil exige une baseDefinition : le canonique de ce dont il dérive.",
)
FAULTY_BASE = Template(
    en="The base definition {url} is faulty itself: {reason}",
    fr="La définition de base {url} est elle-même fautive : {reason}",
)
FAULTY_TYPE_PROFILE = Template(
    en="The profile {url} of this element is faulty itself: {reason}",
    fr="Le profil {url} de cet élément est lui-même fautif : {reason}",
)
CIRCULAR = Template(
    en="The derivation is circular: {chain}. A profile cannot derive from itself.",
    fr="La dérivation est circulaire : {chain}. Un profil ne peut dériver de lui-même.",
)
OTHER_TYPE = Template(
    en="The type is {type}, but the base definition {url} is of type {base}. A profile keeps that type.",
    fr="Le type est {type}, mais la définition de base {url} est de type {base}. Un profil garde ce type.",
)
NOTHING_STATED = Template(
    en="The StructureDefinition has neither a differential nor a snapshot with elements.",
    fr="La StructureDefinition n'a ni différentiel ni snapshot contenant des éléments.",
)
WRONG_SHAPE = Template(
    en="Expected {expected} here, as ElementDefinition defines it.",
    fr="On attend ici {expected}, comme le définit ElementDefinition.",
)
A_TEXT = Template(en="a text", fr="un texte")
A_BOOLEAN = Template(en="true or false", fr="true ou false")
A_WHOLE_NUMBER = Template(en="a whole number", fr="un nombre entier")
AN_OBJECT = Template(en="an object", fr="un objet")
A_LIST = Template(en="a list", fr="une liste")
CANONICALS = Template(en="a list of canonicals", fr="une liste de canoniques")
OTHER_ROOT = Template(
    en="The path begins with {found}; every path of this definition begins with {root}.",
    fr="Le chemin commence par {found} ; tout chemin de cette définition commence par {root}.",
)
UNKNOWN_PATH = Template(
    en="There is no element {name} in {parent}. Correct the path.",
    fr="Il n'y a pas d'élément {name} dans {parent}. Corrigez le chemin.",
)
CANNOT_WALK = Template(
    en="Nothing of {parent} can be constrained here, since it has several types ({types}). Slice it by type, "
    "or leave it one type, first.",
    fr="On ne peut rien contraindre dans {parent}, qui a plusieurs types ({types}). Découpez-le d'abord par "
    "type, ou ne lui en laissez qu'un.",
)
CHOICE_TYPE = Template(
    en="{name} is not possible: {element} can only be of type {types}.",
    fr="{name} est impossible : {element} ne peut être que de type {types}.",
)
NO_SLICING = Template(
    en="{element} is not sliced: an element with slicing must come before its slice {slice}.",
    fr="{element} n'est pas découpé : un élément portant slicing doit précéder sa tranche {slice}.",
)
UNKNOWN_SLICE = Template(
    en="{element} has no slice {slice}. Define the slice before constraining what is inside it.",
    fr="{element} n'a pas de tranche {slice}. Définissez la tranche avant de contraindre son contenu.",
)
NOT_CONSTRAINING = Template(
    en="sliceIsConstraining says that the base has a slice {slice}, but it has none.",
    fr="sliceIsConstraining dit que la base a une tranche {slice}, or elle n'en a pas.",
)
CLOSED = Template(
    en="The slicing of {element} is closed in the base: no slice {slice} can be added.",
    fr="Le découpage de {element} est fermé dans la base : on ne peut ajouter la tranche {slice}.",
)
SLICING_RULES = Template(
    en="The slicing has rules '{stated}', the base has '{base}': rules can only be tightened.",
    fr="Le découpage a pour règle « {stated} », la base « {base} » : une règle ne peut qu'être resserrée.",
)
SLICING_ORDER = Template(
    en="The slices are ordered in the base and must stay so.",
    fr="Les tranches sont ordonnées dans la base et doivent le rester.",
)
SLICING_DISCRIMINATOR = Template(
    en="The base slices by {type} of {path}; that discriminator must stay.",
    fr="La base découpe selon {type} de {path} ; ce discriminant doit rester.",
)
DUPLICATE = Template(
    en="{id} is constrained twice; the first time by element[{first}]. Join the two.",
    fr="{id} est contraint deux fois, la première par element[{first}]. Réunissez les deux.",
)
MIN_WIDENED = Template(
    en="min is {stated}, below the {base} of the base: a profile can only narrow.",
    fr="min vaut {stated}, moins que la base ({base}) : un profil ne peut que restreindre.",
)
MAX_WIDENED = Template(
    en="max is {stated}, above the {base} of the base: a profile can only narrow.",
    fr="max vaut {stated}, plus que la base ({base}) : un profil ne peut que restreindre.",
)
BAD_MAX = Template(
    en="max must be a number or '*', not '{stated}'.", fr="max est un nombre ou « * », pas « {stated} »."
)
MIN_ABOVE_MAX = Template(en="min ({min}) is above max ({max}).", fr="min ({min}) dépasse max ({max}).")
SLICES_ABOVE_MAX = Template(
    en="The slices need {min} repetitions together, but max is {max}.",
    fr="Les tranches exigent {min} répétitions à elles toutes, mais max vaut {max}.",
)
UNKNOWN_TYPE = Template(en="R4 has no type {type}.", fr="R4 n'a pas de type {type}.")
TYPE_WIDENED = Template(
    en="Type {stated} is not among those of the base ({base}): a profile can only narrow.",
    fr="Le type {stated} n'est pas parmi ceux de la base ({base}) : un profil ne peut que restreindre.",
)
TARGET_WIDENED = Template(
    en="Target {stated} is not among those of the base ({base}): a profile can only narrow.",
    fr="La cible {stated} n'est pas parmi celles de la base ({base}) : un profil ne peut que restreindre.",
)
BINDING_WEAKENED = Template(
    en="The binding is {stated}, weaker than the {base} of the base.",
    fr="La liaison est « {stated} », plus faible que « {base} » dans la base.",
)
VALUE_CHANGED = Template(
    en="{name} says otherwise than {base} of the base, and a value must satisfy both.",
    fr="{name} contredit {base} de la base, or une valeur doit satisfaire aux deux.",
)
VALUE_TYPE = Template(
    en="{name} does not go with the type of the element ({types}).",
    fr="{name} ne convient pas au type de l'élément ({types}).",
)
TWO_VALUES = Template(
    en="An element has one fixed or one pattern value, not both {first} and {second}.",
    fr="Un élément a une seule valeur fixe ou modèle, pas à la fois {first} et {second}.",
)
LIMIT_WIDENED = Template(
    en="{name} is {stated}, wider than the {base} of the base.",
    fr="{name} vaut {stated}, plus large que la base ({base}).",
)
FLAG_DROPPED = Template(
    en="{name} is true in the base and cannot be taken back.",
    fr="{name} est vrai dans la base et ne peut être retiré.",
)
TOO_LARGE = Template(
    en="The snapshot would have more than {limit} elements.",
    fr="Le snapshot aurait plus de {limit} éléments.",
)
TOO_DEEP = Template(en="The path has more than {limit} parts.", fr="Le chemin a plus de {limit} parties.")
TOO_LONG = Template(
    en="The definition derives over more than {limit} steps.",
    fr="La définition dérive sur plus de {limit} étapes.",
)
NEW_TYPE = Template(
    en="The definition makes a new type, and this server serves those of R4 alone: derivation must be "
    "'constraint'.",
    fr="La définition crée un nouveau type, or ce serveur ne connaît que ceux de R4 : derivation doit être "
    "« constraint ».",
)
