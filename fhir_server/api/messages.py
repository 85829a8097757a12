"""The messages of the HTTP layer to clients, in English and French."""

from fhir_server.issues import Template

XML_NOT_ANSWERED = Template(
    en="XML is not served here yet. Ask for application/fhir+json in Accept, or _format=json.",
    fr="Ce serveur ne répond pas encore en XML. Demandez application/fhir+json dans Accept, ou _format=json.",
)
BINARY_OF_OTHER_TYPE = Template(
    en="This Binary holds {given}. Ask for that in Accept, or for application/fhir+json.",
    fr="Ce Binary contient {given}. Demandez ce format dans Accept, ou application/fhir+json.",
)
NOT_ANSWERED = Template(
    en="'{asked}' cannot be served. Ask for application/fhir+json in Accept, or _format=json.",
    fr="« {asked} » ne peut pas être servi. Demandez application/fhir+json dans Accept, ou _format=json.",
)
VERSION_NOT_ANSWERED = Template(
    en="FHIR version '{asked}' is not served here. Ask for fhirVersion=4.0, or leave the parameter out.",
    fr="La version FHIR « {asked} » n'est pas servie ici. Demandez fhirVersion=4.0, ou omettez le paramètre.",
)
XML_NOT_READ = Template(
    en="XML bodies are not read here yet. Send JSON with Content-Type: application/fhir+json.",
    fr="Ce serveur ne lit pas encore le XML. Envoyez du JSON avec Content-Type: application/fhir+json.",
)
NOT_READ = Template(
    en="A body of type '{given}' is not read here. Send it with Content-Type: {expected}.",
    fr="Un corps de type « {given} » n'est pas lu ici. Envoyez-le avec Content-Type: {expected}.",
)
NO_CONTENT_TYPE = Template(
    en="The body has no Content-Type. Send it with Content-Type: {expected}.",
    fr="Le corps n'a pas de Content-Type. Envoyez-le avec Content-Type: {expected}.",
)
VERSION_NOT_READ = Template(
    en="FHIR version '{given}' is not read here. Send fhirVersion=4.0, or leave the parameter out.",
    fr="La version FHIR « {given} » n'est pas lue ici. Envoyez fhirVersion=4.0, ou omettez le paramètre.",
)
CHARSET_NOT_READ = Template(
    en="The character set '{given}' is not read here. FHIR is always UTF-8.",
    fr="Le jeu de caractères « {given} » n'est pas lu ici. FHIR est toujours en UTF-8.",
)
ENCODING_NOT_READ = Template(
    en="The Content-Encoding '{given}' is not read here. Send gzip, or none.",
    fr="Le Content-Encoding « {given} » n'est pas lu ici. Envoyez gzip, ou aucun.",
)
TRANSFER_NOT_READ = Template(
    en="The Transfer-Encoding '{given}' is not read here. Send chunked, and compress by"
    " Content-Encoding: gzip.",
    fr="Le Transfer-Encoding « {given} » n'est pas lu ici. Envoyez chunked et compressez par"
    " Content-Encoding: gzip.",
)
BROKEN_GZIP = Template(
    en="The body says Content-Encoding: gzip but cannot be decompressed. Compress it again.",
    fr="Le corps annonce Content-Encoding: gzip mais ne se décompresse pas. Compressez-le à nouveau.",
)
BODY_TOO_LARGE = Template(
    en="The body is larger than the limit of {limit} bytes. Send less at once.",
    fr="Le corps dépasse la limite de {limit} octets. Envoyez-en moins à la fois.",
)
NOT_UTF8 = Template(
    en="The {part} is not UTF-8. Encode it in UTF-8, with percent signs in a URL.",
    fr="Cette partie n'est pas en UTF-8 : {part}. Codez-la en UTF-8, avec des pourcents dans une URL.",
)
BAD_HOST = Template(
    en="The Host header is not one that this server answers to. Use the server's own address, or have its "
    "operator add yours to FHIR_SERVER_ALLOWED_HOSTS.",
    fr="L'en-tête Host n'est pas un nom auquel ce serveur répond. Utilisez l'adresse du serveur, ou faites "
    "ajouter la vôtre à FHIR_SERVER_ALLOWED_HOSTS.",
)
NO_HOST = Template(
    en="The request has no Host header, which HTTP/1.1 asks for. Add it: Host: {address}.",
    fr="La requête n'a pas d'en-tête Host, que HTTP/1.1 exige. Ajoutez-le : Host: {address}.",
)
NO_REQUEST = Template(
    en="This is no well-formed HTTP/1.1 request. Check its first line, its headers and the length of its"
    " body: https://www.rfc-editor.org/rfc/rfc9112.",
    fr="Ceci n'est pas une requête HTTP/1.1 bien formée. Vérifiez la première ligne, les en-têtes et la"
    " longueur du corps : https://www.rfc-editor.org/rfc/rfc9112.",
)
REQUEST_TOO_SLOW = Template(
    en="The request took too long to come: {seconds} s have passed, and it is not at its end. Send all of it"
    " at once; its length must be that of Content-Length.",
    fr="La requête met trop de temps à arriver : {seconds} s ont passé, et elle n'est pas finie. Envoyez-la"
    " d'un seul trait ; sa longueur doit être celle de Content-Length.",
)
NO_SUCH_METHOD = Template(
    en="There is no such HTTP method. Methods are written in capitals, such as GET.",
    fr="Cette méthode HTTP n'existe pas. Les méthodes s'écrivent en majuscules, comme GET.",
)
BAD_LENGTH = Template(
    en="The Content-Length header is not a whole number.",
    fr="L'en-tête Content-Length n'est pas un nombre entier.",
)
BAD_PRETTY = Template(
    en="_pretty is '{given}'. Use true or false.",
    fr="_pretty vaut « {given} ». Utilisez true ou false.",
)
METHOD_NOT_ALLOWED = Template(
    en="{method} is not possible here. Use one of: {allowed}.",
    fr="{method} n'est pas possible ici. Utilisez : {allowed}.",
)
METHOD_UNKNOWN = Template(
    en="The method {method} is not known here. Use one of: {allowed}.",
    fr="La méthode {method} n'est pas connue ici. Utilisez : {allowed}.",
)
OVERLOADED = Template(
    en="The server has more to write than it can take right now. Try again in a moment.",
    fr="Le serveur a plus d'écritures qu'il ne peut en prendre pour l'instant. Réessayez dans un instant.",
)
EXHAUSTED = Template(
    en="The server is out of memory or of open files at the moment. Try again in a moment; its operator may"
    " allow it more.",
    fr="Le serveur manque en ce moment de mémoire ou de fichiers ouverts. Réessayez dans un instant ; son"
    " exploitant peut lui en accorder plus.",
)
STOPPING = Template(
    en="The server is stopping. Try again in a moment.",
    fr="Le serveur s'arrête. Réessayez dans un instant.",
)
UNEXPECTED = Template(
    en="The server failed in a way it did not foresee. Report this to its operator with the id {id}.",
    fr="Le serveur a rencontré une erreur imprévue. Signalez-la à son exploitant avec l'identifiant {id}.",
)

# native records

NOWHERE = Template(
    en="Nothing is served at {path}. The FHIR base is {base}.",
    fr="Rien n'est servi à {path}. La base FHIR est {base}.",
)
NO_RECORD_TYPE = Template(
    en="There are no records '{record}'. Known: {known}.",
    fr="Il n'y a pas d'enregistrements « {record} ». Connus : {known}.",
)
TOO_MANY_RECORDS = Template(
    en="{count} records are too many at once. Send at most {limit}.",
    fr="{count} enregistrements, c'est trop à la fois. Envoyez-en au plus {limit}.",
)
READ_TIMEOUT = Template(
    en="The answer took longer than {limit} seconds to find, and was given up. Ask for less: name a patient "
    "or a shorter time, or leave out the total (_total=none).",
    fr="La réponse a demandé plus de {limit} secondes et a été abandonnée. Demandez moins : nommez un "
    "patient ou une période plus courte, ou renoncez au total (_total=none).",
)
