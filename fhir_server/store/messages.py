"""What a store says to clients, in English and French."""

from fhir_server.issues import Template

STALE_VERSION = Template(
    en="{reference} is at version {current}, not {expected}. Read it again and repeat the change on that.",
    fr="{reference} est à la version {current}, non {expected}. Relisez-la et refaites la modification.",
)
ALREADY_EXISTS = Template(
    en="{reference} exists already, at version {current}. Leave out the condition to replace it.",
    fr="{reference} existe déjà, à la version {current}. Retirez la condition pour la remplacer.",
)
DOES_NOT_EXIST = Template(
    en="{reference} does not exist, so it has no version {expected}. Leave out the condition to create it.",
    fr="{reference} n'existe pas, donc pas de version {expected}. Retirez la condition pour la créer.",
)
UNIQUE_TAKEN = Template(
    en="'{key}' belongs to {holder} already, so {owner} cannot hold it too.",
    fr="« {key} » appartient déjà à {holder} ; {owner} ne peut pas le détenir aussi.",
)
SEARCH_TOO_COMPLEX = Template(
    en="The search is more than the database can take in at once. Split it.",
    fr="La recherche dépasse ce que la base de données peut traiter en une fois. Scindez-la.",
)
PAGE_TOO_LARGE = Template(
    en="The resources of the page are more than the database can hand over at once. Ask for fewer by _count.",
    fr="Les ressources de la page dépassent ce que la base de données peut rendre en une fois. "
    "Demandez-en moins avec _count.",
)
STORE_FULL = Template(
    en="The disk of the store is full. Nothing was written; free some space and send the request again.",
    fr="Le disque de l'entrepôt est plein. Rien n'a été écrit ; libérez de l'espace et renvoyez la requête.",
)
STORE_BUSY = Template(
    en="The store is locked by another process. Nothing was written; send the request again later.",
    fr="L'entrepôt est verrouillé par un autre processus. Rien n'a été écrit ; réessayez plus tard.",
)
STORE_FAILED = Template(
    en="The store cannot be used at the moment ({reason}). Nothing was acknowledged; try again later.",
    fr="L'entrepôt est inutilisable pour le moment ({reason}). Rien n'a été confirmé ; réessayez plus tard.",
)
STORE_UNWRITABLE = Template(
    en="The file of the store, or its folder, cannot be opened for writing ({reason}). Nothing was "
    "acknowledged; let the server write there.",
    fr="Le fichier de l'entrepôt, ou son dossier, ne peut être ouvert en écriture ({reason}). Rien n'a été "
    "confirmé ; laissez le serveur y écrire.",
)
STORE_DAMAGED = Template(
    en="The file of the store is damaged ({reason}). Nothing was acknowledged; stop the server and bring back"
    " a backup.",
    fr="Le fichier de l'entrepôt est endommagé ({reason}). Rien n'a été confirmé ; arrêtez le serveur et "
    "restaurez une sauvegarde.",
)
STORE_FOREIGN = Template(
    en="The file of the store is no SQLite database ({reason}). Name another, or one that is not there yet.",
    fr="Le fichier de l'entrepôt n'est pas une base SQLite ({reason}). Nommez-en un autre, ou un nouveau.",
)
STORE_REPLACED = Template(
    en="The file of the store, or its log beside it (-wal, -shm), was moved, deleted or replaced. Nothing "
    "was written; start the server again.",
    fr="Le fichier de l'entrepôt, ou son journal à côté (-wal, -shm), a été déplacé, supprimé ou remplacé. "
    "Rien n'a été écrit ; redémarrez le serveur.",
)
GROUP_LOST = Template(
    en="The units grouped with this one could not be written, so this one was not either. Send it again.",
    fr="Les unités groupées avec celle-ci n'ont pas pu être écrites, elle non plus. Renvoyez-la.",
)
NO_BACKUP = Template(
    en="A store in memory has no backup. Open the server on a file to keep its data.",
    fr="Un entrepôt en mémoire n'a pas de sauvegarde. Ouvrez le serveur sur un fichier pour les conserver.",
)
DOCUMENT_TOO_LARGE = Template(
    en="{reference} takes {size} bytes with all that it is found by; the database holds at most {maximum} in "
    "one resource. Split it, or attach its data by reference.",
    fr="{reference} occupe {size} octets avec son index ; la base de données en admet au plus {maximum} par "
    "ressource. Scindez-la, ou joignez ses données par référence.",
)
CONTENT_TOO_LARGE = Template(
    en="A resource, with all that it is found by, is more than the database holds ({reason}). Nothing was "
    "written; split it.",
    fr="Une ressource dépasse, avec son index, ce que la base de données admet ({reason}). Rien n'a été "
    "écrit ; scindez-la.",
)
STORE_CONTENDED = Template(
    en="Too many requests write at the same time. Nothing was written; send the request again later.",
    fr="Trop de requêtes écrivent en même temps. Rien n'a été écrit ; renvoyez la requête plus tard.",
)
TRANSACTION_ENDED = Template(
    en="The database ended the transaction ({reason}): it lasted too long, or the primary changed. Nothing "
    "was written; send less at once, or the same again later.",
    fr="La base a mis fin à la transaction ({reason}) : trop longue, ou le primaire a changé. Rien n'a été "
    "écrit ; envoyez-en moins à la fois, ou réessayez plus tard.",
)
STORE_UNREACHABLE = Template(
    en="No primary of the database can be reached ({reason}). Nothing was acknowledged; try again later.",
    fr="Aucun serveur primaire de la base n'est joignable ({reason}). Rien n'a été confirmé ; réessayez.",
)
STORE_SLOW = Template(
    en="The database did not answer in time ({reason}). Nothing was acknowledged; try again later.",
    fr="La base de données n'a pas répondu à temps ({reason}). Rien n'a été confirmé ; réessayez plus tard.",
)
STORE_DENIED = Template(
    en="The database refuses this server's credentials ({reason}). Correct them, or its roles there.",
    fr="La base refuse les identifiants de ce serveur ({reason}). Corrigez-les, ainsi que ses rôles.",
)
STORE_STANDALONE = Template(
    en="The database is a standalone server, which cannot commit a resource with what depends on it. "
    "Make it a replica set of one: start mongod with --replSet rs0, and run rs.initiate() in mongosh once.",
    fr="La base est un serveur isolé, qui ne peut valider d'un bloc une ressource et ce qui en dépend. "
    "Faites-en un replica set d'un membre : mongod --replSet rs0, puis rs.initiate() dans mongosh, une fois.",
)
STORE_TOO_OLD = Template(
    en="The database is of version {found}; this server needs {needed} or later. Upgrade the database.",
    fr="La base est en version {found} ; ce serveur exige {needed} ou plus récent. Mettez-la à niveau.",
)
STORE_HELD_BACK = Template(
    en="The database refuses a command of MongoDB 8.0 ({reason}). Raise its featureCompatibilityVersion.",
    fr="La base refuse une commande de MongoDB 8.0 ({reason}). Relevez son featureCompatibilityVersion.",
)
STORE_NEWER = Template(
    en="The store has schema {found}, newer than this server's {known}. Upgrade the server.",
    fr="L'entrepôt a le schéma {found} ; ce serveur ne connaît que le {known}. Mettez-le à niveau.",
)
INDEX_REFUSED = Template(
    en="The database could not build the index '{index}' ({reason}). Mend that, then run doctor --prepare.",
    fr="La base n'a pu construire l'index « {index} » ({reason}). Corrigez, puis lancez doctor --prepare.",
)
BACKUP_BY_DATABASE = Template(
    en="A store in MongoDB is backed up by the database's own tools, such as mongodump --oplog.",
    fr="Un entrepôt MongoDB se sauvegarde avec les outils de la base, tels que mongodump --oplog.",
)
