"""Messages of the checks of whole resources, in English and French."""

from fhir_server.issues import Template

# Questionnaire

CONDITION_INSIDE = Template(
    en="enableWhen asks '{link_id}', which stands inside the item itself and so cannot enable it.",
    fr="enableWhen interroge « {link_id} », qui se trouve dans l'élément lui-même et ne peut donc l'activer.",
)
CONDITION_UNKNOWN = Template(
    en="enableWhen asks '{link_id}', and no item has this linkId.",
    fr="enableWhen interroge « {link_id} », et aucun élément n'a ce linkId.",
)
CONDITION_SELF = Template(
    en="enableWhen asks the item itself. Name the question that decides.",
    fr="enableWhen interroge l'élément lui-même. Nommez la question qui décide.",
)
CONDITION_LATER = Template(
    en="enableWhen asks '{link_id}', which comes later in the form than what it enables.",
    fr="enableWhen interroge « {link_id} », qui vient dans le formulaire après ce qu'il active.",
)
CONDITION_TYPE = Template(
    en="enableWhen compares with {found}, but '{link_id}' ({type}) is answered by {wanted}.",
    fr="enableWhen compare avec {found}, mais « {link_id} » ({type}) a pour réponse {wanted}.",
)
CONDITION_ORDER = Template(
    en="'{operator}' needs values that have an order, and {found} has none. Use = or !=.",
    fr="« {operator} » demande des valeurs ordonnées, ce que {found} n'est pas. Utilisez = ou !=.",
)
CONDITION_NO_ANSWER = Template(
    en="enableWhen asks '{link_id}', a {type} item, which is never answered.",
    fr="enableWhen interroge « {link_id} », un élément {type}, qui n'a jamais de réponse.",
)
BEHAVIOR_MISSING = Template(
    en="With several enableWhen, enableBehavior must say 'all' or 'any'; it is ignored until then.",
    fr="Avec plusieurs enableWhen, enableBehavior doit dire « all » ou « any » ; sinon ils sont ignorés.",
)
INITIAL_TYPE = Template(
    en="A {type} item cannot begin with a value of type {found}: use {wanted}.",
    fr="Un élément {type} ne peut commencer par une valeur de type {found} : utilisez {wanted}.",
)
OPTION_TYPE = Template(
    en="A {type} item cannot offer an option of type {found}: use {wanted}.",
    fr="Un élément {type} ne peut proposer une option de type {found} : utilisez {wanted}.",
)

# QuestionnaireResponse

QUESTIONNAIRE_NOT_NAMED = Template(
    en="No questionnaire is named, so the answers were not checked against one.",
    fr="Aucun questionnaire n'est nommé : les réponses n'ont pas été comparées à un questionnaire.",
)
QUESTIONNAIRE_UNKNOWN = Template(
    en="The questionnaire {url} is not known here, so the answers could not be checked. Store or load it.",
    fr="Le questionnaire {url} n'est pas connu ici : les réponses n'ont pu être vérifiées. Chargez-le.",
)
RESPONSE_TOO_LARGE = Template(
    en="The questionnaire {url} and this response are together too large to be compared here.",
    fr="Le questionnaire {url} et cette réponse sont ensemble trop grands pour être comparés ici.",
)
AUTHORED_BEFORE = Template(
    en="The answers were given on {date}, before the questionnaire came into use on {limit}.",
    fr="Les réponses datent du {date}, avant la mise en service du questionnaire le {limit}.",
)
AUTHORED_AFTER = Template(
    en="The answers were given on {date}, after the questionnaire went out of use on {limit}.",
    fr="Les réponses datent du {date}, après le retrait du questionnaire le {limit}.",
)
ITEM_UNKNOWN = Template(
    en="The questionnaire has no item '{link_id}'.{hint}",
    fr="Le questionnaire n'a pas d'élément « {link_id} ».{hint}",
)
ITEM_MISPLACED = Template(
    en="The item '{link_id}' is in the wrong place: it belongs {place}.",
    fr="L'élément « {link_id} » n'est pas à sa place : il va {place}.",
)
AT_THE_TOP = Template(en="at the top of the response", fr="au premier niveau de la réponse")
INSIDE_ITEM = Template(en="inside the item '{link_id}'", fr="dans l'élément « {link_id} »")
UNDER_ANSWER = Template(
    en="under an answer of the item '{link_id}'", fr="sous une réponse de l'élément « {link_id} »"
)
ITEM_ORDER = Template(
    en="The item '{link_id}' comes after '{before}', against the order of the questionnaire.",
    fr="L'élément « {link_id} » vient après « {before} », contre l'ordre du questionnaire.",
)
ITEM_TWICE = Template(
    en="The item '{link_id}' may be given once, and is given {count} times.",
    fr="L'élément « {link_id} » ne peut être donné qu'une fois, et l'est {count} fois.",
)
ANSWER_TWICE = Template(
    en="The question '{link_id}' takes one answer, and has {count}.",
    fr="La question « {link_id} » attend une réponse, et en a {count}.",
)
ANSWERS_FEW = Template(
    en="The question '{link_id}' needs at least {limit} answers, and has {count}.",
    fr="La question « {link_id} » demande au moins {limit} réponses, et en a {count}.",
)
ANSWERS_MANY = Template(
    en="The question '{link_id}' takes at most {limit} answers, and has {count}.",
    fr="La question « {link_id} » accepte au plus {limit} réponses, et en a {count}.",
)
ITEM_REQUIRED = Template(
    en="The item '{link_id}' must be answered, and is not.",
    fr="L'élément « {link_id} » doit avoir une réponse, et n'en a pas.",
)
ITEM_NOT_ENABLED = Template(
    en="The item '{link_id}' is answered although it is not enabled by the other answers.",
    fr="L'élément « {link_id} » a une réponse alors que les autres réponses ne l'activent pas.",
)
ITEM_TEXT = Template(
    en="The text of '{link_id}' differs from that of the questionnaire, which is {text}.",
    fr="Le texte de « {link_id} » diffère de celui du questionnaire, qui est {text}.",
)
ANSWER_IN_GROUP = Template(
    en="'{link_id}' is an item of the type {type}, which has no answers.",
    fr="« {link_id} » est un élément {type}, qui n'a pas de réponse.",
)
ITEMS_IN_DISPLAY = Template(
    en="'{link_id}' is a display item, which has no items below it.",
    fr="« {link_id} » est un élément display, qui n'en contient pas d'autres.",
)
ITEMS_IN_QUESTION = Template(
    en="Items below the question '{link_id}' stand under its answer: write answer[].item.",
    fr="Les éléments sous la question « {link_id} » vont sous sa réponse : écrivez answer[].item.",
)
ANSWER_TYPE = Template(
    en="'{link_id}' is a question of the type {type}, answered by {wanted}, not by {found}.",
    fr="« {link_id} » est une question {type}, à laquelle répond {wanted}, et non {found}.",
)
NOT_AN_OPTION = Template(
    en="{value} is none of the answers that '{link_id}' offers: {options}.",
    fr="{value} n'est aucune des réponses que propose « {link_id} » : {options}.",
)
OPTION_EXCLUSIVE = Template(
    en="{value} excludes every other answer to '{link_id}', and there are {count} answers.",
    fr="{value} exclut toute autre réponse à « {link_id} », et il y en a {count}.",
)
WRITTEN_OUT = Template(
    en="{value} is one of the options of '{link_id}': give its code instead of the text.",
    fr="{value} est l'une des options de « {link_id} » : donnez son code plutôt que le texte.",
)
NOT_IN_VALUE_SET = Template(
    en="{value} is not in the value set {value_set} that '{link_id}' is answered from.",
    fr="{value} n'est pas dans le jeu de valeurs {value_set}, d'où viennent les réponses à « {link_id} ».",
)
VALUE_SET_UNKNOWN = Template(
    en="Whether {value} is in the value set {value_set} could not be checked here.",
    fr="On n'a pu vérifier ici si {value} est dans le jeu de valeurs {value_set}.",
)
TOO_LOW = Template(
    en="{value} is below {limit}, the least that '{link_id}' allows.",
    fr="{value} est inférieur à {limit}, le minimum admis par « {link_id} ».",
)
TOO_HIGH = Template(
    en="{value} is above {limit}, the most that '{link_id}' allows.",
    fr="{value} est supérieur à {limit}, le maximum admis par « {link_id} ».",
)
NOT_COMPARABLE = Template(
    en="{value} cannot be compared with {limit}, the bound of '{link_id}': the units differ.",
    fr="{value} n'est pas comparable à {limit}, la borne de « {link_id} » : les unités diffèrent.",
)
TOO_SHORT = Template(
    en="The answer has {length} characters, and '{link_id}' wants at least {limit}.",
    fr="La réponse a {length} caractères, et « {link_id} » en demande au moins {limit}.",
)
TOO_LONG = Template(
    en="The answer has {length} characters, and '{link_id}' allows at most {limit}.",
    fr="La réponse a {length} caractères, et « {link_id} » en admet au plus {limit}.",
)
TOO_PRECISE = Template(
    en="{value} has {places} decimal places, and '{link_id}' allows at most {limit}.",
    fr="{value} a {places} décimales, et « {link_id} » en admet au plus {limit}.",
)
WRONG_PATTERN = Template(
    en="{value} does not have the form that '{link_id}' wants: {pattern}.",
    fr="{value} n'a pas la forme que demande « {link_id} » : {pattern}.",
)
PATTERN_NOT_RUN = Template(
    en="The form {pattern} of '{link_id}' could not be checked: no pattern, or one that may take too long.",
    fr="La forme {pattern} de « {link_id} » n'a pu être vérifiée : motif invalide, ou trop long à évaluer.",
)
LINE_BREAK = Template(
    en="A string answer has no line breaks; the questionnaire would ask for 'text' instead.",
    fr="Une réponse de type string n'a pas de saut de ligne ; le questionnaire demanderait « text ».",
)
TOO_LARGE = Template(
    en="The attachment has {size} MB, and '{link_id}' takes {limit} at most.",
    fr="La pièce jointe pèse {size} Mo, et « {link_id} » en accepte {limit} au plus.",
)
WRONG_MEDIA_TYPE = Template(
    en="An attachment of type {value} is not allowed for '{link_id}': use {options}.",
    fr="Une pièce jointe de type {value} n'est pas admise pour « {link_id} » : utilisez {options}.",
)
WRONG_UNIT = Template(
    en="The unit of {value} is none of those that '{link_id}' offers: {options}.",
    fr="L'unité de {value} n'est aucune de celles que propose « {link_id} » : {options}.",
)
WRONG_TARGET = Template(
    en="The reference is to a {value}, and '{link_id}' asks for {options}.",
    fr="La référence vise une ressource {value}, et « {link_id} » demande {options}.",
)
CALCULATION_DIFFERS = Template(
    en="'{link_id}' is calculated from the other answers and comes to {wanted}, not {found}.",
    fr="« {link_id} » se calcule d'après les autres réponses et vaut {wanted}, et non {found}.",
)
CALCULATION_EMPTY = Template(
    en="'{link_id}' is calculated from the other answers, which give no value yet: leave {found} out.",
    fr="« {link_id} » se calcule d'après les autres réponses, encore sans valeur : ôtez {found}.",
)
CALCULATION_FAILED = Template(
    en="'{link_id}' is calculated by an expression that could not be evaluated here: {reason}",
    fr="« {link_id} » se calcule par une expression qui n'a pu être évaluée ici : {reason}",
)

# narrative

NOT_XHTML = Template(
    en="The narrative is not well-formed XHTML: {reason}.",
    fr="Le texte (narrative) n'est pas du XHTML bien formé : {reason}.",
)
XHTML_DECLARATION = Template(
    en="A narrative has no DOCTYPE, no entity declarations and no processing instructions. Take them out.",
    fr="Un texte (narrative) n'a ni DOCTYPE, ni entité déclarée, ni instruction de traitement : retirez-les.",
)
XHTML_ROOT = Template(
    en="A narrative is one <div>, not <{name}>.", fr="Un texte (narrative) est un <div>, et non <{name}>."
)
XHTML_NAMESPACE = Template(
    en='<{name}> must be in the namespace of XHTML: write xmlns="http://www.w3.org/1999/xhtml" on the <div>.',
    fr='<{name}> doit être en XHTML : écrivez xmlns="http://www.w3.org/1999/xhtml" sur <div>.',
)
XHTML_ELEMENT = Template(
    en="<{name}> is not allowed in a narrative.", fr="<{name}> n'est pas admis dans un texte (narrative)."
)
XHTML_ATTRIBUTE = Template(
    en="The attribute '{attribute}' is not allowed on <{name}> in a narrative.",
    fr="L'attribut « {attribute} » n'est pas admis sur <{name}> dans un texte (narrative).",
)
XHTML_LINK = Template(
    en="{value} is no link for a narrative: use http, https, mailto, tel, or a place in the text.",
    fr="{value} n'est pas admis comme lien dans un texte : utilisez http, https, mailto, tel, ou une ancre.",
)
XHTML_PLACE = Template(
    en="<{name}> cannot stand in <{parent}>.", fr="<{name}> ne peut se trouver dans <{parent}>."
)
XHTML_EMPTY = Template(
    en="The narrative has no text and no image. Say something, or leave 'text' out.",
    fr="Le texte (narrative) n'a ni texte ni image. Dites quelque chose, ou omettez « text ».",
)
XHTML_TARGET = Template(
    en="The link {value} leads to nothing in the resource. Give an element this id, or take the link out.",
    fr="Le lien {value} ne mène à rien dans la ressource. Donnez cet id à un élément, ou retirez le lien.",
)
XHTML_ENTITY = Template(
    en="XML does not know the entity &{name}; write the character itself, or {code}.",
    fr="XML ne connaît pas l'entité &{name} ; écrivez le caractère lui-même, ou {code}.",
)
XHTML_TWICE = Template(
    en="The id '{id}' is given more than once in the narrative.",
    fr="L'id « {id} » figure plusieurs fois dans le texte (narrative).",
)

# Bundle

FULL_URL_MISSING = Template(
    en="An entry of a {type} Bundle needs a fullUrl.",
    fr="Une entrée d'un Bundle {type} doit avoir une fullUrl.",
)
FULL_URL_RELATIVE = Template(
    en="The fullUrl {value} must be absolute: an http(s) URL, urn:uuid:... or urn:oid:....",
    fr="La fullUrl {value} doit être absolue : une URL http(s), urn:uuid:... ou urn:oid:....",
)
FULL_URL_NO_ID = Template(
    en="The fullUrl {value} names a resource by its id, but the resource has none.",
    fr="La fullUrl {value} désigne une ressource par son id, mais la ressource n'en a pas.",
)
FULL_URL_DIFFERS = Template(
    en="The fullUrl {value} does not end in {wanted}, which its resource is.",
    fr="La fullUrl {value} ne se termine pas par {wanted}, qui est l'identité de sa ressource.",
)
CANONICAL_AS_FULL_URL = Template(
    en="The fullUrl is the canonical url {value} of the resource, which has another id ({id}).",
    fr="La fullUrl est l'url canonique {value} de la ressource, qui a un autre id ({id}).",
)
BUNDLE_EMPTY = Template(
    en="A {type} Bundle needs at least one entry, the {first}.",
    fr="Un Bundle {type} doit avoir au moins une entrée, {first}.",
)
LINK_NOT_PAGED = Template(
    en="A {type} Bundle has no pages, so a link '{relation}' has no meaning in it.",
    fr="Un Bundle {type} n'a pas de pages : un lien « {relation} » n'y a pas de sens.",
)
LINK_TWICE = Template(
    en="The link '{relation}' is given more than once.", fr="Le lien « {relation} » est donné plusieurs fois."
)
SELF_LINK_MISSING = Template(
    en="A searchset should say by its 'self' link which search it answers.",
    fr="Un searchset devrait dire par son lien « self » à quelle recherche il répond.",
)
SEARCH_ENTRY_EMPTY = Template(
    en="An entry of a searchset must have a resource.",
    fr="Une entrée d'un searchset doit avoir une ressource.",
)
SEARCH_MODE_MISSING = Template(
    en="The entries should say by search.mode whether they match or are included.",
    fr="Les entrées devraient dire par search.mode si elles correspondent ou sont incluses.",
)
SEARCH_NO_ID = Template(
    en="A resource that was found has an id, and this one has none.",
    fr="Une ressource trouvée a un id, et celle-ci n'en a pas.",
)
SEARCH_WRONG_TYPE = Template(
    en="A {found} cannot match a search for {wanted}.",
    fr="Une ressource {found} ne peut répondre à une recherche de {wanted}.",
)
SEARCH_OUTCOME = Template(
    en="An entry with search.mode 'outcome' holds an OperationOutcome, not a {found}.",
    fr="Une entrée dont search.mode est « outcome » contient un OperationOutcome, et non {found}.",
)
REQUEST_TYPE = Template(
    en="{method} {url} is for {wanted}, and the resource is of the type {found}.",
    fr="{method} {url} concerne {wanted}, et la ressource est {found}.",
)
REQUEST_ID = Template(
    en="{method} {url} writes another id than that of the resource, {found}.",
    fr="{method} {url} écrit un autre id que celui de la ressource, {found}.",
)
REQUEST_URL = Template(
    en="{method} needs a url of the form {wanted}, not {url}.",
    fr="{method} demande une url de la forme {wanted}, et non {url}.",
)
FULL_URL_OF_UPDATE = Template(
    en="{method} has no fullUrl, against which the references of its resource could be resolved. Add it.",
    fr="{method} n'a pas de fullUrl, dont dépendent les références de sa ressource. Ajoutez-la.",
)
REQUEST_BODY = Template(
    en="{method} takes no resource; this one is ignored.",
    fr="{method} n'attend pas de ressource ; celle-ci est ignorée.",
)
REQUEST_NO_BODY = Template(
    en="{method} needs a resource, and the entry has none.",
    fr="{method} demande une ressource, et l'entrée n'en a pas.",
)
NOT_IN_BUNDLE = Template(
    en="{value} leads to no entry of this Bundle.{hint}",
    fr="{value} ne mène à aucune entrée de ce Bundle.{hint}",
)
FULL_URL_HINT = Template(
    en=" There is an entry with this type and id, but its fullUrl is {url}.",
    fr=" Une entrée a ce type et cet id, mais sa fullUrl est {url}.",
)
SEVERAL_IN_BUNDLE = Template(
    en="{value} leads to {count} entries of this Bundle.",
    fr="{value} mène à {count} entrées de ce Bundle.",
)
NOT_LINKED = Template(
    en="Nothing leads from the {first} to this entry. Refer to it, or take it out.",
    fr="Rien ne mène de {first} à cette entrée. Faites-y référence, ou retirez-la.",
)
LINKED_BACKWARDS = Template(
    en="This entry refers to the rest of the document, but nothing refers to it.",
    fr="Cette entrée se réfère au reste du document, mais rien ne se réfère à elle.",
)

# any resource

CONTAINED_TWICE = Template(
    en="The id {id} is that of another contained resource too. Give each its own.",
    fr="L'id {id} est aussi celui d'une autre ressource contenue. Donnez à chacune le sien.",
)

ELEMENT_ID_TWICE = Template(
    en="The id {id} is that of another element of the resource too. Give each its own.",
    fr="L'id {id} est aussi celui d'un autre élément de la ressource. Donnez à chacun le sien.",
)
SUBSETTED = Template(
    en="The resource is tagged as a part of the one that was read. Read it whole to see what is missing.",
    fr="La ressource se dit n'être qu'une partie : ce qui manque peut y figurer. Relisez-la en entier.",
)
IN_SET_TWICE = Template(
    en="{value} is in this set already. Give it once.",
    fr="{value} figure déjà dans cet ensemble. Donnez-le une seule fois.",
)

# definitions

EXPRESSION_UNREADABLE = Template(
    en="The expression is no FHIRPath that can be read: {reason}",
    fr="L'expression n'est pas du FHIRPath lisible : {reason}",
)
EXPRESSION_ELSEWHERE = Template(
    en="The expression begins at {type}, which is none of the types searched: {bases}.",
    fr="L'expression part de {type}, qui n'est pas l'un des types recherchés : {bases}.",
)
EXPRESSION_ELEMENT = Template(
    en="{name} is not an element of {path}. Correct the path.",
    fr="{name} n'est pas un élément de {path}. Corrigez le chemin.",
)
DERIVED_TYPE = Template(
    en="The type {type} differs from that of {url}, from which the parameter is derived: {right}.",
    fr="Le type {type} diffère de celui de {url}, dont le paramètre est dérivé : {right}.",
)
DERIVED_BASE = Template(
    en="{bases} cannot be searched by {url}, from which the parameter is derived. It is for {right}.",
    fr="{bases} ne se recherche pas par {url}, dont le paramètre est dérivé. Celui-ci concerne {right}.",
)
PARAMETER_TYPE = Template(
    en="The type {type} differs from that of {url}, the definition that is named: {right}.",
    fr="Le type {type} diffère de celui de {url}, la définition désignée : {right}.",
)
COMPONENTS_MISSING = Template(
    en="A composite parameter is made of two components at least. Add them, or choose another type.",
    fr="Un paramètre composite réunit au moins deux composants. Ajoutez-les, ou choisissez un autre type.",
)
INCLUDED_SYSTEM = Template(
    en="{system} is not an absolute URI. Name the code system by its canonical URL or its OID.",
    fr="{system} n'est pas une URI absolue. Désignez le système par son URL canonique ou son OID.",
)
INCLUDED_VALUE_SET = Template(
    en="{system} is a value set: name it under valueSet, or the code system here.",
    fr="{system} est un jeu de valeurs : nommez-le sous valueSet, ou nommez ici le système de codes.",
)
CONTEXT_UNWANTED = Template(
    en="Only an extension has a context, and this is a definition of {type}. Take it out.",
    fr="Seule une extension a un contexte, or ceci définit {type}. Retirez-le.",
)
DERIVATION_MISSING = Template(
    en="What has a baseDefinition says by its derivation whether it specializes or constrains it.",
    fr="Ce qui a une baseDefinition dit par derivation s'il la spécialise ou la restreint.",
)
TYPE_NOT_NEW = Template(
    en="A specialization defines a type of its own, and {type} is that of its base. Constrain it instead.",
    fr="Une spécialisation définit un type propre, et {type} est celui de sa base. Restreignez-le plutôt.",
)
KIND_DIFFERS = Template(
    en="A profile is of the kind of what it constrains: {right}, not {kind}.",
    fr="Un profil est de la nature de ce qu'il restreint : {right}, et non {kind}.",
)
BINDING_UNWANTED = Template(
    en="Only codes, strings, URIs and quantities are bound to a value set, and this is {types}.",
    fr="Seuls codes, textes, URI et quantités se lient à un jeu de valeurs, et ceci est {types}.",
)
DISCRIMINATOR_UNKNOWN = Template(
    en="The discriminator {path} leads nowhere from {element}, as there is no {step}: nothing is in a slice.",
    fr="Le discriminant {path} ne mène nulle part depuis {element}, où {step} n'existe pas : aucune tranche.",
)
DISCRIMINATOR_UNREADABLE = Template(
    en="A discriminator is a path of elements, extension(), resolve() and ofType(): {reason}",
    fr="Un discriminant est un chemin d'éléments, extension(), resolve() et ofType() : {reason}",
)
TYPE_PROFILE = Template(
    en="The profile {url} is for {found}, and cannot constrain {type}.",
    fr="Le profil {url} concerne {found}, et ne peut restreindre {type}.",
)
CONCEPTS_COUNTED = Template(
    en="The code system is complete with {count} concepts, it says, and has {found}. Correct the count.",
    fr="Le système se dit complet avec {count} concepts, et en a {found}. Corrigez le nombre.",
)
CONCEPTS_UNWANTED = Template(
    en="The code system says that its concepts are not present, and gives some. Correct the content.",
    fr="Le système dit que ses concepts sont absents (not-present), et en donne. Corrigez le contenu.",
)
SUPPLEMENT_CONTENT = Template(
    en="A code system that supplements another has the content 'supplement', not {content}.",
    fr="Un système qui en complète un autre a le contenu « supplement », et non {content}.",
)
SUPPLEMENT_OF_NOTHING = Template(
    en="A supplement names the code system that it supplements: give it under 'supplements'.",
    fr="Un supplément désigne le système qu'il complète : indiquez-le sous « supplements ».",
)
SUPPLEMENT_CODE = Template(
    en="{code} is not a code of {system}, and a supplement defines no codes of its own. Correct the code.",
    fr="{code} n'est pas un code de {system}, et un supplément n'en définit pas. Corrigez le code.",
)
MAPPED_CODE_UNKNOWN = Template(
    en="{code} is not a code of {system}. Correct the code, or the system of the group.",
    fr="{code} n'est pas un code de {system}. Corrigez le code, ou le système du groupe.",
)
GROUP_NOT_MEASURED = Template(
    en="{code} is not the code of a group of {measure}. Give that of one of its groups.",
    fr="{code} n'est le code d'aucun groupe de {measure}. Donnez celui de l'un de ses groupes.",
)
POPULATION_NOT_MEASURED = Template(
    en="{code} is not a population of this group in {measure}. Correct the code.",
    fr="{code} n'est pas une population de ce groupe dans {measure}. Corrigez le code.",
)
SUBJECTS_UNWANTED = Template(
    en="Only a report of the type subject-list names subjects. Correct the type, or take them out.",
    fr="Seul un rapport de type subject-list nomme les sujets. Corrigez le type, ou retirez-les.",
)
EXTENSION_URL = Template(
    en="Extension.url must be fixed to the extension's own url, {url}.",
    fr="Extension.url doit être fixée à l'url de l'extension elle-même, {url}.",
)
LINE_ORDER = Template(
    en="'{id}' stands after '{before}', which follows it in the type. Put the lines in the type's order.",
    fr="« {id} » vient après « {before} », qui le suit dans le type. Suivez l'ordre du type.",
)
