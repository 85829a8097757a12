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
GROUP_LOST = Template(
    en="The units grouped with this one could not be written, so this one was not either. Send it again.",
    fr="Les unités groupées avec celle-ci n'ont pas pu être écrites, elle non plus. Renvoyez-la.",
)
NO_BACKUP = Template(
    en="A store in memory has no backup. Open the server on a file to keep its data.",
    fr="Un entrepôt en mémoire n'a pas de sauvegarde. Ouvrez le serveur sur un fichier pour les conserver.",
)
STORE_OPEN = Template(
    en="The store to be replaced is open. Stop the server first.",
    fr="L'entrepôt à remplacer est ouvert. Arrêtez d'abord le serveur.",
)
