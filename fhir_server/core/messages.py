"""What the core says to clients, in English and French."""

from fhir_server.issues import Template

NOT_JSON = Template(
    en="The body is not valid JSON: {reason}. Send one JSON object in UTF-8.",
    fr="Le corps n'est pas du JSON valide : {reason}. Envoyez un objet JSON en UTF-8.",
)
NOT_UTF8 = Template(
    en="The body is not UTF-8: byte {position}, counted from 0, is {byte} and fits no character. "
    "Encode it in UTF-8, and not in Latin-1 or Windows-1252.",
    fr="Le corps n'est pas en UTF-8 : l'octet {position}, compté à partir de 0, est {byte} et n'entre dans "
    "aucun caractère. Encodez-le en UTF-8, et non en Latin-1 ni en Windows-1252.",
)
TOO_DEEP = Template(
    en="The JSON is nested deeper than {limit} levels, or holds a number too long to read.",
    fr="Le JSON est imbriqué sur plus de {limit} niveaux, ou contient un nombre trop long.",
)
DUPLICATE_KEY = Template(
    en="The key '{key}' stands twice in one object. Keep one of them.",
    fr="La clé « {key} » figure deux fois dans le même objet. N'en gardez qu'une.",
)
FOREIGN_TOKEN = Template(
    en="This page link or cursor was not made by this server for {path}. Start again without it.",
    fr="Ce lien de page ou ce curseur n'a pas été produit par ce serveur pour {path}. Recommencez sans lui.",
)
ALL_OK = Template(en="Done, with nothing to report.", fr="Fait, sans remarque.")
