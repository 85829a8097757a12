"""The messages of the conversion of records, in English and French. `{at}` is a JSON pointer."""

from fhir_server.issues import Template

THE_RECORD = Template(en="the record", fr="l'enregistrement")

# against the record's schema

MISSING = Template(
    en="'{name}' is missing in {at}. Add it.",
    fr="« {name} » manque dans {at}. Ajoutez-le.",
)
UNKNOWN = Template(
    en="'{name}' is not a field of {at}. Its fields: {known}.",
    fr="« {name} » n'est pas un champ de {at}. Ses champs : {known}.",
)
WRONG_TYPE = Template(
    en="{at} must be of the JSON type {wanted}.",
    fr="{at} doit être du type JSON {wanted}.",
)
NOT_ONE_OF = Template(
    en="{at} must be one of: {allowed}.",
    fr="{at} doit être l'une de ces valeurs : {allowed}.",
)
WRONG_FORM = Template(
    en="{at} is not written as it must be: {pattern}.",
    fr="{at} n'est pas écrit comme il le faut : {pattern}.",
)
NOT_A_LINE = Template(
    en="{at} holds a line break or a control character, or begins or ends with a space. Take it out.",
    fr="{at} contient un saut de ligne ou un caractère de commande, ou commence ou finit par une espace. "
    "Enlevez-le.",
)
NOT_A_TEXT = Template(
    en="{at} holds a control character, or begins or ends with a space or a line break. Take it out.",
    fr="{at} contient un caractère de commande, ou commence ou finit par une espace ou un saut de ligne. "
    "Enlevez-le.",
)
NOT_A_DATE = Template(
    en="{at} is no date that exists. Write it as 2024-05-31.",
    fr="{at} n'est pas une date qui existe. Écrivez-la ainsi : 2024-05-31.",
)
NOT_A_MOMENT = Template(
    en="{at} is no time that exists. Write it as 2024-05-31T14:30:00+02:00.",
    fr="{at} n'est pas un moment qui existe. Écrivez-le ainsi : 2024-05-31T14:30:00+02:00.",
)
OUT_OF_RANGE = Template(
    en="{at} is out of range: {limit}.",
    fr="{at} est hors des bornes : {limit}.",
)
TOO_FEW = Template(
    en="{at} has too few values. Give {limit} at least.",
    fr="{at} a trop peu de valeurs. Donnez-en {limit} au moins.",
)
TOO_MANY = Template(
    en="{at} has too many values. Give {limit} at most.",
    fr="{at} a trop de valeurs. Donnez-en {limit} au plus.",
)
TOO_SHORT = Template(
    en="{at} is too short. Write {limit} characters at least.",
    fr="{at} est trop court. Écrivez {limit} caractères au moins.",
)
TOO_LONG = Template(
    en="{at} is too long. Write {limit} characters at most.",
    fr="{at} est trop long. Écrivez {limit} caractères au plus.",
)
NOT_BESIDE = Template(
    en="{at} does not go with the rest of the record. Leave it out.",
    fr="{at} ne va pas avec le reste de l'enregistrement. Ne le mettez pas.",
)
AGAINST_SCHEMA = Template(
    en="{at} breaks the rule '{rule}' of the record's schema. Read it at /{{programme}}/{{record}}/schema.",
    fr="{at} enfreint la règle « {rule} » du schéma de l'enregistrement. "
    "Lisez-le à /{{programme}}/{{record}}/schema.",
)

# on the way into the store

UNKNOWN_REFERENCE = Template(
    en="{at} names what the server does not know: {reference}. Send that record first.",
    fr="{at} désigne ce que le serveur ne connaît pas : {reference}. Envoyez d'abord cet enregistrement.",
)
SEVERAL = Template(
    en="Several {type} resources bear the identifier {value}. "
    "Correct them by FHIR, then send the record again.",
    fr="Plusieurs ressources {type} portent l'identifiant {value}. "
    "Corrigez-les par FHIR, puis renvoyez l'enregistrement.",
)
BUSY = Template(
    en="Others are changing the same resources. Send the record again.",
    fr="D'autres modifient les mêmes ressources. Renvoyez l'enregistrement.",
)
NO_RECORD = Template(
    en="There is no record '{record}' with the identifier '{id}'.",
    fr="Il n'y a pas d'enregistrement « {record} » avec l'identifiant « {id} ».",
)

# files of records

NO_COLUMN = Template(
    en="The column '{name}' is no field of the record. Its fields: {known}.",
    fr="La colonne « {name} » n'est pas un champ de l'enregistrement. Ses champs : {known}.",
)
COLUMN_TWICE = Template(
    en="The column '{name}' stands twice in the header. Keep one of them.",
    fr="La colonne « {name} » figure deux fois dans l'en-tête. Gardez-en une.",
)
NOT_UTF8 = Template(
    en="The line is not in UTF-8. Save the file in that encoding, from a spreadsheet as 'CSV UTF-8'.",
    fr="La ligne n'est pas en UTF-8. Enregistrez le fichier dans ce codage, dans un tableur comme "
    "« CSV UTF-8 ».",
)
TOO_MANY_CELLS = Template(
    en="The line has more cells than the header has columns.",
    fr="La ligne a plus de cellules que l'en-tête n'a de colonnes.",
)
NOT_A_VALUE = Template(
    en="'{name}' holds '{given}', which is no {wanted}.",
    fr="« {name} » contient « {given} », qui n'est pas du type {wanted}.",
)
NOT_CSV = Template(
    en="This is no CSV file: {reason}.",
    fr="Ce n'est pas un fichier CSV : {reason}.",
)
