"""The reasons why a sequence is billed or not, in English and French."""

from fhir_server.issues import Template

NOT_COUNTED = Template(
    en="The sequence is {status}: only one that takes place or has taken place is billed.",
    fr="La séquence est {status} : seule une séquence en cours ou passée est facturée.",
)
ON_HOLD = Template(
    en="The sequence came on hold, and is billed when it takes place. Give it the status active.",
    fr="La séquence est arrivée suspendue ; elle est facturée quand elle a lieu. Passez son statut à active.",
)
NOT_OVER = Template(
    en="This server bills a sequence at its end, and it is {status}. Complete it.",
    fr="Ce serveur facture une séquence à sa fin, et elle est {status}. Achevez-la.",
)
TOO_FEW_CONTACTS = Template(
    en="The sequence has {found} nurse contacts; this server asks for {wanted} before it is billed.",
    fr="La séquence compte {found} contacts IDE ; ce serveur en demande {wanted} avant de facturer.",
)
NO_TARIFF = Template(
    en="No tariff of the forfait {forfait} holds on {day}, the first day of the sequence.",
    fr="Aucun tarif du forfait {forfait} n'est en vigueur le {day}, premier jour de la séquence.",
)
NO_COVERAGE = Template(
    en="The patient has no active Coverage with subscriberId and payor. Record it: the claim follows.",
    fr="Le patient n'a pas de Coverage actif avec subscriberId et payor. Enregistrez-le : la facture suivra.",
)
NO_CARRIER = Template(
    en="The episode names no managingOrganization, which is the provider of the claim.",
    fr="Le parcours n'a pas de managingOrganization, qui est l'émetteur de la facture.",
)
NO_REFERRAL = Template(
    en="The episode refers to no ServiceRequest with an identifier.",
    fr="Le parcours ne référence aucun ServiceRequest portant un identifiant.",
)
BILLED = Template(
    en="Billed by Claim/{id}: {amount} EUR.",
    fr="Facturée par Claim/{id} : {amount} EUR.",
)
CANCELLED = Template(
    en="Claim/{id} was cancelled. It is replaced as soon as the sequence is corrected.",
    fr="Claim/{id} a été annulée. Elle est remplacée dès que la séquence est corrigée.",
)
READY = Template(
    en="Nothing is missing: the claim is written with the next change of the sequence or its coverage.",
    fr="Rien ne manque : la facture est écrite au prochain changement de la séquence ou de sa couverture.",
)
NO_COLUMNS = Template(
    en="The ConceptMap {url} states no column. Give it elements with a target, or delete the stored one: the "
    "guide's own is then used.",
    fr="La ConceptMap {url} n'énonce aucune colonne. Donnez-lui des éléments qui ont une cible, ou supprimez "
    "celle qui est enregistrée : celle du guide sert alors.",
)
COLUMN_TWICE = Template(
    en="The ConceptMap gives the name {name} to two columns. Give each its own.",
    fr="La ConceptMap donne le nom {name} à deux colonnes. Donnez à chacune le sien.",
)
BAD_COLUMN = Template(
    en="{path} does not say where a column's value stands. Write a path such as Claim.total.value or "
    "Claim.related:replaces.claim, or {cursor} for the cursor.",
    fr="{path} ne dit pas où se trouve la valeur d'une colonne. Écrivez un chemin tel que Claim.total.value "
    "ou Claim.related:replaces.claim, ou {cursor} pour le curseur.",
)
