"""Messages for packages that cannot be installed, naming the member at fault, or cannot be removed."""

from fhir_server.issues import Template

NO_PACKAGE = Template(
    en="{file} is no FHIR package ({reason}). Give a .tgz that has package/package.json.",
    fr="{file} n'est pas un paquet FHIR ({reason}). Donnez un .tgz qui contient package/package.json.",
)
NO_MANIFEST = Template(
    en="{file} is no FHIR package: it has no package/package.json.",
    fr="{file} n'est pas un paquet FHIR : il n'a pas de package/package.json.",
)
OUTSIDE = Template(
    en="{file}: member {member} leads out of the package. The package is refused.",
    fr="{file} : le membre {member} sort du paquet. Le paquet est refusé.",
)
NO_PLAIN_FILE = Template(
    en="{file}: member {member} is neither a file nor a folder, but a link or a device. "
    "The package is refused.",
    fr="{file} : le membre {member} n'est ni un fichier ni un dossier, mais un lien ou un périphérique. "
    "Le paquet est refusé.",
)
TWICE = Template(
    en="{file}: member {member} occurs twice.",
    fr="{file} : le membre {member} s'y trouve deux fois.",
)
TOO_MANY_MEMBERS = Template(
    en="{file} has more than {limit} members; {member} is the first too many.",
    fr="{file} a plus de {limit} membres ; {member} est le premier de trop.",
)
MEMBER_TOO_LARGE = Template(
    en="{file}: member {member} has {size} bytes; the limit is {limit}.",
    fr="{file} : le membre {member} fait {size} octets ; la limite est {limit}.",
)
TOO_LARGE = Template(
    en="{file} unpacks to more than {limit} bytes.",
    fr="{file} se décompresse en plus de {limit} octets.",
)
BOMB = Template(
    en="{file} unpacks to more than {ratio} times its size, as no honest package does.",
    fr="{file} se décompresse en plus de {ratio} fois sa taille, ce que ne fait aucun paquet honnête.",
)
BROKEN_JSON = Template(
    en="{file}: member {member} is broken: {reason}",
    fr="{file} : le membre {member} est abîmé : {reason}",
)
FAULTY_RESOURCE = Template(
    en="{file}: member {member} cannot be used: {reason}",
    fr="{file} : le membre {member} est inutilisable : {reason}",
)
NO_RESOURCE = Template(
    en="{file}: member {member} is no resource: it has no resourceType.",
    fr="{file} : le membre {member} n'est pas une ressource : il n'a pas de resourceType.",
)
BAD_MANIFEST = Template(
    en="{file}: package/package.json has no usable {field}.",
    fr="{file} : package/package.json n'a pas de {field} utilisable.",
)
OTHER_FHIR = Template(
    en="{file} is for FHIR {versions}; this server needs packages for FHIR 4.0.",
    fr="{file} est pour FHIR {versions} ; ce serveur exige des paquets pour FHIR 4.0.",
)
BUILT_IN = Template(
    en="{package} is built into this server and need not be installed.",
    fr="{package} est intégré à ce serveur ; il n'y a pas à l'installer.",
)
GIVEN_TWICE = Template(
    en="{package} is given twice: by {first} and {file}.",
    fr="{package} est donné deux fois : par {first} et {file}.",
)
MISSING = Template(
    en="{package} needs {missing}, which is neither given nor installed. Install it first, or give it too.",
    fr="{package} exige {missing}, qui n'est ni donné ni installé. Installez-le d'abord, ou donnez-le aussi.",
)
NOT_INSTALLED = Template(
    en="No package {package} is installed; fhir-server package list names those that are.",
    fr="Aucun paquet {package} n'est installé ; fhir-server package list nomme ceux qui le sont.",
)
NEEDED = Template(
    en="{package} needs {needed}. Remove it too, or say --without-dependencies.",
    fr="{package} a besoin de {needed}. Retirez-le aussi, ou précisez --without-dependencies.",
)
