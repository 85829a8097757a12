"""The messages of the programme's checks, in English and French."""

from fhir_server.issues import Template

NIR_FORM = Template(
    en="{value} is no NIR: write 13 characters and the two digits of the key, without spaces.",
    fr="{value} n'est pas un NIR : écrivez 13 caractères et les deux chiffres de la clé, sans espace.",
)
NIR_KEY = Template(
    en="The key of the NIR is {found}; for these 13 characters it is {wanted}.",
    fr="La clé du NIR est {found} ; pour ces 13 caractères, c'est {wanted}.",
)
NUMBER_FORM = Template(
    en="{value} is no {name}, which has {length} digits.",
    fr="{value} n'est pas un numéro {name}, qui a {length} chiffres.",
)
NUMBER_DIGIT = Template(
    en="The check digit of the {name} {value} is wrong: one digit or more is mistaken.",
    fr="La clé du numéro {name} {value} est fausse : un chiffre au moins est erroné.",
)
SYSTEM_OID = Template(
    en="Write the system as {wanted}: an OID is a URI only with urn:oid: before it.",
    fr="Écrivez le système {wanted} : un OID n'est une URI que précédé de urn:oid:.",
)
SYSTEM_OF_TYPE = Template(
    en="An identifier of type {type} has the system {wanted}; here it has {found}.",
    fr="Un identifiant de type {type} a le système {wanted} ; ici : {found}.",
)
TYPE_OF_SYSTEM = Template(
    en="An identifier of the system {system} has the type {wanted}, not {found}.",
    fr="Un identifiant du système {system} a le type {wanted}, et non {found}.",
)
TYPE_MISSING = Template(
    en="The system {system} is that of the INS and of the social security number: say which by the type, "
    "INS-NIR or NH.",
    fr="Le système {system} est celui de l'INS comme du numéro de sécurité sociale : dites lequel "
    "par le type, INS-NIR ou NH.",
)
USE = Template(
    en="An identifier of type {type} has one of these uses: {wanted}; here it has {found}.",
    fr="Un identifiant de type {type} a l'un de ces usages (use) : {wanted} ; ici : {found}.",
)
NONE = Template(en="none", fr="aucun")
TRAITS_MISSING = Template(
    en="An INS goes with its five traits, and these are missing: {traits}. "
    "Without them it must not be shared.",
    fr="Un INS s'accompagne de ses cinq traits, et il manque : {traits}. "
    "Sans eux, il ne doit pas être transmis.",
)
GENDER = Template(
    en="With an INS the gender is male, female or unknown, not {found}.",
    fr="Avec un INS, le sexe (gender) est male, female ou unknown, et non {found}.",
)
FAMILY = Template(en="birth name (name.family)", fr="nom de naissance (name.family)")
GIVEN = Template(en="first given name (name.given)", fr="premier prénom (name.given)")
SEX = Template(en="sex (gender)", fr="sexe (gender)")
BIRTH_DATE = Template(en="date of birth (birthDate)", fr="date de naissance (birthDate)")
BIRTH_PLACE = Template(
    en="place of birth (patient-birthPlace with its INSEE code)",
    fr="lieu de naissance (patient-birthPlace avec son code INSEE)",
)
