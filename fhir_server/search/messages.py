"""The messages of search to clients, in English and French."""

from fhir_server.issues import Template

# --- parameters ---

UNKNOWN_PARAMETER = Template(
    en="'{parameter}' is not a search parameter of {type}.{nearest} Valid are: {valid}.",
    fr="« {parameter} » n'est pas un paramètre de recherche de {type}.{nearest} Sont valides : {valid}.",
)
NEAREST = Template(en=" Did you mean '{name}'?", fr=" Vouliez-vous dire « {name} » ?")
NOTHING_NEAR = Template(en="", fr="")
EVERY_TYPE = Template(en="every resource type", fr="tous les types de ressources")
IGNORED = Template(
    en="Ignored, as handling=lenient asks: {reason}",
    fr="Ignoré, comme handling=lenient le demande : {reason}",
)
EMPTY_PARAMETER = Template(
    en="'{parameter}' has no value and was ignored. Give it one or leave it out.",
    fr="« {parameter} » n'a pas de valeur et a été ignoré. Donnez-lui une valeur ou retirez-le.",
)
NOTHING_TO_SEARCH = Template(
    en="'{parameter}' is defined without saying what it looks at, so that nothing can be found by it."
    " Search without it.",
    fr="« {parameter} » est défini sans dire ce qu'il regarde : il ne permet de rien trouver. Cherchez sans"
    " lui.",
)
UNKNOWN_QUERY = Template(
    en="There is no named query '{value}' here.{nearest} Valid are: {valid}. Otherwise write the search with"
    " its parameters.",
    fr="Il n'y a pas ici de requête nommée « {value} ».{nearest} Sont valides : {valid}. Sinon, écrivez la"
    " recherche avec ses paramètres.",
)
QUERY_NEEDS = Template(
    en="The named query '{query}' needs '{parameter}'. Add it with a value.",
    fr="La requête nommée « {query} » a besoin de « {parameter} ». Ajoutez-le avec une valeur.",
)
QUERY_WITHIN = Template(
    en="'{parameter}' asks for a named query of another resource. Only a search as a whole can have one.",
    fr="« {parameter} » demande une requête nommée d'une autre ressource. Seule une recherche entière peut en"
    " avoir une.",
)
CONTAINERS_ALONE = Template(
    en="'{parameter}' asks for contained resources without what holds them, which this server does not do."
    " Only '_containedType=container' is valid.",
    fr="« {parameter} » demande des ressources contenues sans ce qui les contient, ce que ce serveur ne fait"
    " pas. Seul « _containedType=container » est valide.",
)
CONTAINED_IN_SEARCHES = Template(
    en="'_contained={value}' can only be asked by a search, not by a condition on a write. Leave it out.",
    fr="« _contained={value} » ne peut être demandé que par une recherche, pas par la condition d'une"
    " écriture. Retirez-le.",
)
CONTAINED_OF_TYPES = Template(
    en="'_contained={value}' needs the types of the contained resources. Name them with _type, or search a"
    " type.",
    fr="« _contained={value} » a besoin des types des ressources contenues. Nommez-les par _type, ou cherchez"
    " un type.",
)
TOO_MANY_PARAMETERS = Template(
    en="The search has {count} parameters; at most {limit} are accepted. Split it.",
    fr="La recherche a {count} paramètres ; {limit} au plus sont acceptés. Scindez-la.",
)
TOO_MANY_VALUES = Template(
    en="'{parameter}' has {count} values; at most {limit} are accepted. Split the search.",
    fr="« {parameter} » a {count} valeurs ; {limit} au plus sont acceptées. Scindez la recherche.",
)
TOO_LONG = Template(
    en="The value of '{parameter}' has {count} characters; at most {limit} are accepted.",
    fr="La valeur de « {parameter} » a {count} caractères ; {limit} au plus sont acceptés.",
)
TOO_MANY_TERMS = Template(
    en="With '{parameter}', the search compares with more than {limit} values in all. Split it.",
    fr="Avec « {parameter} », la recherche compare à plus de {limit} valeurs en tout. Scindez-la.",
)
TOO_DEEP = Template(
    en="'{parameter}' makes more than {limit} steps from resource to resource. Ask for less at once.",
    fr="« {parameter} » fait plus de {limit} pas de ressource en ressource. Demandez moins à la fois.",
)
NESTED_TOO_DEEP = Template(
    en="'{parameter}' nests conditions on resources in conditions on others too deep. Ask for less at once.",
    fr="« {parameter} » imbrique trop profondément des conditions sur des ressources dans d'autres. Demandez"
    " moins à la fois.",
)
TOO_MANY_WAYS = Template(
    en="'{parameter}' could lead along more than {limit} ways. Name the types, as in subject:Patient.name.",
    fr="« {parameter} » pourrait suivre plus de {limit} chemins. Nommez les types, comme dans"
    " subject:Patient.name.",
)

# --- modifiers ---

UNKNOWN_MODIFIER = Template(
    en="':{modifier}' is no modifier of the {kind} parameter '{parameter}'. Valid are: {valid}.",
    fr="« :{modifier} » n'est pas un modificateur du paramètre « {parameter} » (type {kind})."
    " Sont valides : {valid}.",
)
NO_MODIFIER = Template(
    en="'{parameter}' takes no modifier, but ':{modifier}' was given. Leave it out.",
    fr="« {parameter} » n'admet pas de modificateur, or « :{modifier} » a été donné. Retirez-le.",
)
ONE_VALUE_ALONE = Template(
    en="'{parameter}' has {count} values; its definition allows one alone (multipleOr is false). Search"
    " for each by itself.",
    fr="« {parameter} » a {count} valeurs ; sa définition n'en permet qu'une (multipleOr vaut false). Faites"
    " une recherche pour chacune.",
)
ONCE_ALONE = Template(
    en="'{parameter}' stands more than once; its definition allows it once alone (multipleAnd is false)."
    " Leave all but one out.",
    fr="« {parameter} » figure plusieurs fois ; sa définition ne le permet qu'une fois (multipleAnd vaut"
    " false). N'en gardez qu'un.",
)
PREFIX_NOT_ALLOWED = Template(
    en="The definition of '{parameter}' does not allow the prefix '{prefix}'. Valid are: {valid}; a value"
    " without a prefix means eq.",
    fr="La définition de « {parameter} » ne permet pas le préfixe « {prefix} ». Sont valides : {valid} ; une"
    " valeur sans préfixe signifie eq.",
)
CHAIN_NOT_ALLOWED = Template(
    en="The definition of '{parameter}' does not allow a chain to '{code}'. Valid are: {valid}.",
    fr="La définition de « {parameter} » ne permet pas de chaîne vers « {code} ». Sont valides : {valid}.",
)
NOT_A_TARGET = Template(
    en="'{parameter}' never refers to a {type}. It may refer to: {valid}.",
    fr="« {parameter} » ne désigne jamais un {type}. Il peut désigner : {valid}.",
)

# --- values ---

STRAY_ESCAPE = Template(
    en="'{value}' of '{parameter}' holds a backslash that escapes nothing. Write \\\\ for a backslash;"
    " it may stand before , | $ and itself only.",
    fr="« {value} » de « {parameter} » contient une barre oblique inverse qui n'échappe rien."
    " Écrivez \\\\ pour une barre ; elle ne précède que , | $ et elle-même.",
)
BAD_DATE = Template(
    en="'{value}' of '{parameter}' is no date. Write YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss[.fff]]"
    " with Z or +hh:mm, after an optional prefix (eq ne gt lt ge le sa eb ap).",
    fr="« {value} » de « {parameter} » n'est pas une date. Écrivez AAAA, AAAA-MM, AAAA-MM-JJ ou"
    " AAAA-MM-JJThh:mm[:ss[.fff]] avec Z ou +hh:mm, après un préfixe facultatif"
    " (eq ne gt lt ge le sa eb ap).",
)
BAD_NUMBER = Template(
    en="'{value}' of '{parameter}' is no number. Write one such as 100, 5.40 or 1e-3,"
    " after an optional prefix (eq ne gt lt ge le sa eb ap).",
    fr="« {value} » de « {parameter} » n'est pas un nombre. Écrivez par exemple 100, 5.40 ou 1e-3,"
    " après un préfixe facultatif (eq ne gt lt ge le sa eb ap).",
)
BAD_QUANTITY = Template(
    en="'{value}' of '{parameter}' is no quantity. Write [prefix]number, [prefix]number|system|code or"
    " [prefix]number||unit.",
    fr="« {value} » de « {parameter} » n'est pas une quantité. Écrivez [préfixe]nombre,"
    " [préfixe]nombre|système|code ou [préfixe]nombre||unité.",
)
BAD_TOKEN = Template(
    en="'{value}' of '{parameter}' is no token. Write code, system|code, |code or system|.",
    fr="« {value} » de « {parameter} » n'est pas un jeton. Écrivez code, système|code, |code ou système|.",
)
BAD_OF_TYPE = Template(
    en="'{value}' of '{parameter}' must be system|code|value: the identifier type's system and code, and the"
    " identifier's value.",
    fr="« {value} » de « {parameter} » doit être système|code|valeur : le système et le code du type"
    " d'identifiant, et la valeur de l'identifiant.",
)
BAD_REFERENCE = Template(
    en="'{value}' of '{parameter}' is no reference. Write an id, Type/id or an absolute URL.",
    fr="« {value} » de « {parameter} » n'est pas une référence. Écrivez un id, Type/id ou une URL absolue.",
)
BAD_MISSING = Template(
    en="'{value}' of '{parameter}' must be true or false.",
    fr="« {value} » de « {parameter} » doit être true ou false.",
)
BAD_COMPOSITE = Template(
    en="'{value}' of '{parameter}' must have {count} parts joined by $: {parts}.",
    fr="« {value} » de « {parameter} » doit avoir {count} parties jointes par $ : {parts}.",
)
NEEDS_CONCEPT = Template(
    en="'{value}' of '{parameter}' must be a concept, system|code.",
    fr="« {value} » de « {parameter} » doit être un concept, système|code.",
)
UNKNOWN_CODE_SYSTEM = Template(
    en="The hierarchy of the code system '{value}' of '{parameter}' is not known here. List the codes"
    " instead, separated by commas.",
    fr="La hiérarchie du système de codes « {value} » de « {parameter} » n'est pas connue ici. Énumérez"
    " plutôt les codes, séparés par des virgules.",
)
UNKNOWN_VALUE_SET = Template(
    en="The value set '{value}' of '{parameter}' is not known here by this url, or its codes cannot be"
    " listed. Give the url of another, or list the codes without a modifier.",
    fr="Le jeu de valeurs « {value} » de « {parameter} » n'est pas connu ici sous cette url, ou ses"
    " codes ne peuvent pas être énumérés. Donnez l'url d'un autre, ou énumérez les codes sans modificateur.",
)
TOO_MANY_CODES = Template(
    en="'{value}' of '{parameter}' stands for more than {limit} codes. Choose a narrower one.",
    fr="« {value} » de « {parameter} » représente plus de {limit} codes. Choisissez plus étroit.",
)
NO_PATH = Template(
    en="'{value}' of '{parameter}' has no path with parts above and below. Give an absolute URL such as"
    " http://example.org/fhir/ValueSet, or leave the modifier out.",
    fr="« {value} » de « {parameter} » n'a pas de chemin avec un dessus et un dessous. Donnez une URL"
    " absolue, comme http://example.org/fhir/ValueSet, ou retirez le modificateur.",
)
NO_HIERARCHY = Template(
    en="'{value}' of '{parameter}' belongs to no hierarchy. ':above' and ':below' take Type/id, with a"
    " type of which one resource can be part of another: {valid}.",
    fr="« {value} » de « {parameter} » n'appartient à aucune hiérarchie. « :above » et « :below » prennent"
    " Type/id, d'un type dont une ressource peut faire partie d'une autre : {valid}.",
)
NOTHING_ABOVE_A_VERSION = Template(
    en="'{value}' of '{parameter}' is a canonical url, for which only ':below' is defined.",
    fr="« {value} » de « {parameter} » est une url canonique, pour laquelle seul « :below » est défini.",
)
BAD_NEAR = Template(
    en="'{value}' of '{parameter}' must be latitude|longitude|distance|units in degrees, such as"
    " 48.80|2.13|5|km; units are UCUM lengths (km, m, [mi_i]), km if left out.",
    fr="« {value} » de « {parameter} » doit être latitude|longitude|distance|unités en degrés, comme"
    " 48.80|2.13|5|km ; les unités sont des longueurs UCUM (km, m, [mi_i]), km à défaut.",
)
BAD_LIST = Template(
    en="'{value}' of '{parameter}' is no id of a List.",
    fr="« {value} » de « {parameter} » n'est pas l'id d'une List.",
)
NO_CURRENT_LISTS = Template(
    en="This server keeps no lists by function such as '{value}', as nothing says which List of a patient is"
    " the one in force. Give the id of a List.",
    fr="Ce serveur ne tient pas de listes par fonction comme « {value} » : rien ne dit quelle List d'un"
    " patient fait foi. Donnez l'id d'une List.",
)
NO_WORD = Template(
    en="'{value}' of '{parameter}' holds no word to look for. Write words, with AND, OR and parentheses"
    " between them if needed, as in (bone OR liver) AND metastases.",
    fr="« {value} » de « {parameter} » ne contient aucun mot à chercher. Écrivez des mots, avec au besoin"
    " AND, OR et des parenthèses, comme (bone OR liver) AND metastases.",
)
BAD_TEXT_QUERY = Template(
    en="'{value}' of '{parameter}' cannot be read at character {place}. Write words, with AND, OR and"
    " parentheses between them if needed; a word in quotes is that word.",
    fr="« {value} » de « {parameter} » est illisible au caractère {place}. Écrivez des mots, avec au"
    " besoin AND, OR et des parenthèses ; un mot entre guillemets est ce mot.",
)
NO_PHRASES = Template(
    en="Only single words are indexed, so that '{value}' of '{parameter}' cannot be searched as a phrase."
    " Leave the quotes out to find all of its words.",
    fr="Seuls des mots isolés sont indexés : « {value} » de « {parameter} » ne peut pas être cherché comme"
    " une expression. Retirez les guillemets pour trouver tous ses mots.",
)

# --- filters ---

FILTER_SYNTAX = Template(
    en="The filter cannot be read at character {place}, at '{found}': {expected} is expected there. Write"
    ' conditions such as name co "pet", joined by and, or, not and parentheses.',
    fr="Le filtre est illisible au caractère {place}, à « {found} » : {expected} y est attendu. Écrivez des"
    ' conditions comme name co "pet", jointes par and, or, not et des parenthèses.',
)
FILTER_END = Template(en="the end", fr="la fin")
EXPECTED_NAME = Template(en="the name of a search parameter", fr="le nom d'un paramètre de recherche")
EXPECTED_OPERATOR = Template(en="an operator ({valid})", fr="un opérateur ({valid})")
EXPECTED_VALUE = Template(en="a value", fr="une valeur")
EXPECTED_TEXT = Template(en="'{text}'", fr="« {text} »")
EXPECTED_STRING = Template(en="a JSON string", fr="une chaîne JSON")
EXPECTED_AND_OR = Template(en="and, or, or the end", fr="and, or, ou la fin")
FILTER_TOO_DEEP = Template(
    en="The filter is nested more than {limit} levels deep. Flatten it.",
    fr="Le filtre est imbriqué sur plus de {limit} niveaux. Aplatissez-le.",
)
FILTER_TOO_LONG = Template(
    en="The filter has more than {limit} conditions. Split it.",
    fr="Le filtre a plus de {limit} conditions. Scindez-le.",
)
BAD_OPERATOR = Template(
    en="'{operator}' of _filter cannot be used with the {kind} parameter '{parameter}'. Valid are: {valid}.",
    fr="« {operator} » de _filter ne s'emploie pas avec le paramètre « {parameter} » (type {kind})."
    " Sont valides : {valid}.",
)
# --- chains ---

NOT_A_REFERENCE = Template(
    en="'{parameter}' is a {kind} parameter of {type}; only a reference can be followed by a chain."
    " References are: {valid}.",
    fr="« {parameter} » est un paramètre de type {kind} de {type} ; seule une référence"
    " peut être suivie d'une chaîne. Sont des références : {valid}.",
)
CHAIN_LEADS_NOWHERE = Template(
    en="'{rest}' of '{parameter}' is no search parameter of any type that '{step}' refers to ({types}).",
    fr="« {rest} » de « {parameter} » n'est un paramètre de recherche d'aucun type que « {step} » désigne"
    " ({types}).",
)
BAD_HAS = Template(
    en="'{parameter}' must be _has:Type:reference:parameter, as in _has:Observation:patient:code.",
    fr="« {parameter} » doit être _has:Type:référence:paramètre, comme _has:Observation:patient:code.",
)

# --- result parameters ---

UNKNOWN_TYPE = Template(
    en="'{value}' of '{parameter}' is no resource type.{nearest}",
    fr="« {value} » de « {parameter} » n'est pas un type de ressource.{nearest}",
)
BAD_COUNT = Template(
    en="'{value}' of '_count' must be a whole number, 0 or more.",
    fr="« {value} » de « _count » doit être un nombre entier, 0 ou plus.",
)
BAD_CHOICE = Template(
    en="'{value}' of '{parameter}' must be one of: {valid}.",
    fr="« {value} » de « {parameter} » doit être l'un de : {valid}.",
)
GIVEN_TWICE = Template(
    en="'{parameter}' stands {count} times. Give it once.",
    fr="« {parameter} » figure {count} fois. Donnez-le une seule fois.",
)
UNSORTABLE = Template(
    en="'{value}' of '_sort' is a {kind} parameter, by which results cannot be sorted.",
    fr="« {value} » de « _sort » est un paramètre de type {kind}, par lequel on ne peut pas trier.",
)
BAD_ELEMENT = Template(
    en="'{value}' of '_elements' is no element of {type}.{nearest}",
    fr="« {value} » de « _elements » n'est pas un élément de {type}.{nearest}",
)
BAD_INCLUDE = Template(
    en="'{value}' of '{parameter}' must be Type:reference or Type:reference:Target, as in Task:requester.",
    fr="« {value} » de « {parameter} » doit être Type:référence ou Type:référence:Cible,"
    " comme Task:requester.",
)
INCLUDE_WITH_SUMMARY_TEXT = Template(
    en="'{parameter}' cannot go with _summary=text. Drop one of them.",
    fr="« {parameter} » ne peut pas accompagner _summary=text. Retirez l'un des deux.",
)

# --- definitions and their indexes ---

INDEX_PENDING = Template(
    en="'{parameter}' of {type} cannot be searched yet: it was defined or changed when resources were already"
    " stored, and its index does not cover them all. Run 'fhir-server reindex' or POST to $reindex, and"
    " search again when that is done.",
    fr="« {parameter} » de {type} ne peut pas encore servir à chercher : ce paramètre a été défini ou modifié"
    " alors que des ressources étaient déjà stockées, et son index ne les couvre pas toutes. Lancez"
    " « fhir-server reindex » ou POST sur $reindex, puis relancez la recherche quand c'est terminé.",
)
DEFINITION_CODE = Template(
    en="'{code}' cannot be the code of a search parameter. Use letters, digits, '-' and '_', a letter or '-'"
    " and a letter first.",
    fr="« {code} » ne peut pas être le code d'un paramètre de recherche. Utilisez des lettres, des chiffres,"
    " « - » et « _ », en commençant par une lettre, ou par « - » et une lettre.",
)
DEFINITION_TYPE = Template(
    en="This server cannot index parameters of type '{type}'. Use one of: {valid}.",
    fr="Ce serveur ne sait pas indexer les paramètres de type « {type} ». Utilisez l'un de : {valid}.",
)
DEFINITION_BASE = Template(
    en="'{base}' is no resource type of FHIR R4.{nearest}",
    fr="« {base} » n'est pas un type de ressource de FHIR R4.{nearest}",
)
DEFINITION_CODE_TAKEN = Template(
    en="'{code}' of {type} is already the parameter {url}. Choose another code, or say derivedFrom {url} and"
    " keep its type, '{kind}'.",
    fr="« {code} » de {type} est déjà le paramètre {url}. Choisissez un autre code, ou indiquez derivedFrom"
    " {url} et gardez son type, « {kind} ».",
)
DEFINITION_URL_TAKEN = Template(
    en="The url {url} is already that of {reference}. Update that one, or give this one a url of its own.",
    fr="L'url {url} est déjà celle de {reference}. Modifiez celle-là, ou donnez à celle-ci une url à elle.",
)
DEFINITION_URL_OF_R4 = Template(
    en="FHIR R4 defines {url} otherwise. Give your parameter a url of its own.",
    fr="FHIR R4 définit {url} autrement. Donnez à votre paramètre une url à lui.",
)
DEFINITION_EXPRESSION_NEEDED = Template(
    en="Without a FHIRPath expression there is nothing to index. Say where the values are: Patient.name.",
    fr="Sans expression FHIRPath, il n'y a rien à indexer. Dites où sont les valeurs : Patient.name.",
)
DEFINITION_EXPRESSION_BAD = Template(
    en="The expression cannot be read: {reason}.",
    fr="L'expression est illisible : {reason}.",
)
DEFINITION_EXPRESSION_LONG = Template(
    en="The expression has {count} characters; {limit} at most are read. Shorten it, or make several"
    " parameters of it.",
    fr="L'expression a {count} caractères ; {limit} au plus sont lus. Raccourcissez-la, ou faites-en"
    " plusieurs paramètres.",
)
DEFINITION_LEADS_NOWHERE = Template(
    en="The expression leads to no element of {type}. Check the names against the definition of {type}.",
    fr="L'expression ne mène à aucun élément de {type}. Vérifiez les noms dans la définition de {type}.",
)
DEFINITION_NOTHING_TO_INDEX = Template(
    en="A parameter of type '{kind}' cannot be made of {found}, where the expression leads in {type}.",
    fr="Un paramètre de type « {kind} » ne peut pas être tiré de {found}, où mène l'expression dans {type}.",
)
DEFINITION_COMPOSITE_NOT_PLAIN = Template(
    en="The expressions of a composite parameter must be plain paths here, such as 'component' and 'value'.",
    fr="Les expressions d'un paramètre composite doivent être ici de simples chemins, comme « component » et"
    " « value ».",
)
DEFINITION_COMPONENTS_NEEDED = Template(
    en="A composite parameter needs two components or more.",
    fr="Un paramètre composite exige au moins deux composants.",
)
DEFINITION_COMPONENT_UNKNOWN = Template(
    en="No active search parameter has the url {url}. Store it first, or correct the url.",
    fr="Aucun paramètre de recherche actif n'a l'url {url}. Enregistrez-le d'abord, ou corrigez l'url.",
)
DEFINITION_COMPONENT_TYPE = Template(
    en="{url} is of type '{type}', of which a composite parameter cannot be made.",
    fr="{url} est de type « {type} », dont on ne peut pas faire un paramètre composite.",
)
