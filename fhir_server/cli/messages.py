"""The messages of the commands on the files that they check, in English and French."""

from fhir_server.issues import Template

NOT_READ = Template(
    en="The file cannot be read: {reason}.",
    fr="Le fichier ne peut être lu : {reason}.",
)
REFUSED = Template(
    en="fhir.resources (R4B) refuses this, and this validator does not: {reason}",
    fr="fhir.resources (R4B) refuse ceci, et ce validateur non : {reason}",
)
ACCEPTED = Template(
    en="fhir.resources (R4B) accepts this resource, and this validator finds an error of structure.",
    fr="fhir.resources (R4B) accepte cette ressource, et ce validateur y trouve une erreur de structure.",
)
