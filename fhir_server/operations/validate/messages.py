"""The messages of $validate, in English and French."""

from fhir_server.issues import Template

NO_RESOURCE = Template(
    en="There is nothing to validate: send a resource, or Parameters with one in the parameter 'resource'.",
    fr="Il n'y a rien à valider : envoyez une ressource, ou Parameters avec une ressource dans « resource ».",
)
UNKNOWN_MODE = Template(
    en="'{mode}' is no mode of $validate; use create, update, delete or profile.",
    fr="« {mode} » n'est pas un mode de $validate ; utilisez create, update, delete ou profile.",
)
MODE_NEEDS_INSTANCE = Template(
    en="The mode {mode} is about one stored resource: POST [type]/[id]/$validate.",
    fr="Le mode {mode} porte sur une ressource stockée : POST [type]/[id]/$validate.",
)
MODE_NEEDS_TYPE = Template(
    en="The mode {mode} needs a resource type: POST [type]/$validate.",
    fr="Le mode {mode} demande un type de ressource : POST [type]/$validate.",
)
PROFILE_NEEDED = Template(
    en="The mode profile needs a profile to validate against: add the parameter 'profile'.",
    fr="Le mode profile demande un profil : ajoutez le paramètre « profile ».",
)
GIVEN_TWICE = Template(
    en="The parameter '{name}' is given more than once.",
    fr="Le paramètre « {name} » est donné plusieurs fois.",
)
BAD_PARAMETER = Template(
    en="The parameter '{name}' needs {wanted}.", fr="Le paramètre « {name} » demande {wanted}."
)
A_TEXT = Template(en="a text such as valueUri or valueCode", fr="un texte, comme valueUri ou valueCode")
A_RESOURCE = Template(en="a 'resource'", fr="un membre « resource »")
WRONG_TYPE = Template(
    en="The URL is that of {wanted}, and the resource is of the type {found}.",
    fr="L'URL est celle de {wanted}, et la ressource est {found}.",
)
OTHER_ID = Template(
    en="The URL names the id '{wanted}', and the resource has the id '{found}'.",
    fr="L'URL nomme l'id « {wanted} », et la ressource a l'id « {found} ».",
)
VALID = Template(
    en="No problem was found in this {type}.", fr="Aucun problème trouvé dans cette ressource {type}."
)
NO_ERROR = Template(
    en="No error was found in this {type}; remarks: {count}.",
    fr="Aucune erreur dans cette ressource {type} ; remarques : {count}.",
)
NOTHING_TO_DELETE = Template(
    en="There is no {reference}, so nothing would be deleted.",
    fr="Il n'y a pas de {reference} : rien ne serait supprimé.",
)

# what would happen

WOULD_CREATE = Template(en="A new {type} would be created.", fr="Une ressource {type} serait créée.")
WOULD_CREATE_AS = Template(en="{reference} would be created.", fr="{reference} serait créée.")
WOULD_UPDATE = Template(
    en="{reference} would be replaced by version {version}.",
    fr="{reference} serait remplacée par la version {version}.",
)
WOULD_MATCH = Template(
    en="{reference} exists already: it would be used, and nothing written.",
    fr="{reference} existe déjà : elle serait utilisée, et rien ne serait écrit.",
)
WOULD_DELETE = Template(en="What {url} names would be deleted.", fr="Ce que désigne {url} serait supprimé.")
WOULD_READ = Template(en="{url} would be answered with {status}.", fr="{url} recevrait la réponse {status}.")
WOULD_REFUSE = Template(
    en="The server would refuse this with status {status}.",
    fr="Le serveur refuserait cela avec le statut {status}.",
)
WOULD_REFUSE_ALL = Template(
    en="The transaction would be refused as a whole, with status {status}.",
    fr="La transaction serait refusée en entier, avec le statut {status}.",
)
WOULD_ACCEPT_ALL = Template(
    en="The transaction would be accepted: {count} entries. Nothing was stored now.",
    fr="La transaction serait acceptée : {count} entrées. Rien n'a été enregistré.",
)
NOT_REHEARSED = Template(
    en="An operation is not tried beforehand.", fr="Une opération n'est pas essayée à l'avance."
)
