"""The messages of the rules of the pathway, in English and French."""

from fhir_server.issues import Template

SEQUENCE_LACKS = Template(
    en="This CarePlan is a sequence of the programme, or renews one, but lacks: {names}. A sequence keeps "
    "its number, track, rank, patient, and first and last day; one recorded by mistake becomes "
    "entered-in-error.",
    fr="Ce CarePlan est une séquence du programme, ou en renouvelle une, mais il lui manque : {names}. Une "
    "séquence garde son numéro, son forfait, son rang, son patient, son premier et son dernier jour ; une "
    "séquence enregistrée par erreur devient entered-in-error.",
)
NUMBER_FIXED = Template(
    en="The sequence keeps its number, {number}: its claims bear it.",
    fr="La séquence garde son numéro, {number} : ses factures le portent.",
)
PATIENT_FIXED = Template(
    en="The sequence stays that of Patient/{patient}. One recorded for the wrong patient becomes "
    "entered-in-error.",
    fr="La séquence reste celle de Patient/{patient}. Enregistrée pour un autre par erreur, elle devient "
    "entered-in-error.",
)
NUMBER_TAKEN = Template(
    en="The number {number} is that of the sequence CarePlan/{id}. Give this one a number of its own.",
    fr="Le numéro {number} est celui de la séquence CarePlan/{id}. Donnez à celle-ci un numéro à elle.",
)
ASSESSMENT_NEEDED = Template(
    en="A sequence follows the nurse's initial assessment of the same patient: refer to that finished "
    "Encounter of type initial-assessment.",
    fr="Une séquence suit l'évaluation initiale du même patient par l'IDE : référencez cet Encounter "
    "terminé, de type initial-assessment.",
)
ASSESSED_LATER = Template(
    en="The sequence begins on {start}, before the initial assessment of {assessed}. It may begin on that "
    "day.",
    fr="La séquence commence le {start}, avant l'évaluation initiale du {assessed}. Elle peut commencer ce "
    "jour-là.",
)
UNDER_AGE = Template(
    en="The patient is under {age} on {start}, the first day of the sequence. The programme is for adults.",
    fr="Le patient a moins de {age} ans le {start}, premier jour de la séquence. Le programme s'adresse aux "
    "adultes.",
)
TAKEN_ON_UNDER_AGE = Template(
    en="By this birth date the patient was under {age} on {day}, the day of the referral of Task/{id}, which "
    "was taken on. Cancel it if the date is right.",
    fr="Selon cette date de naissance, le patient avait moins de {age} ans le {day}, jour de l'adressage de "
    "Task/{id}, qui a été pris en charge. Annulez-le si la date est juste.",
)
BEGUN_UNDER_AGE = Template(
    en="By this birth date the patient was under {age} on {day}, the first day of CarePlan/{id}. If the date "
    "is right, give it the status entered-in-error: its claim is then cancelled.",
    fr="Selon cette date de naissance, le patient avait moins de {age} ans le {day}, premier jour de "
    "CarePlan/{id}. Si la date est juste, donnez-lui le statut entered-in-error : sa facture est alors "
    "annulée.",
)
TURNED_AWAY = Template(
    en="By ServiceRequest/{id} the patient is not taken on: {reason}. No sequence begins. A new referral may "
    "be accepted.",
    fr="Par ServiceRequest/{id}, le patient n'est pas pris en charge : {reason}. Aucune séquence ne "
    "commence. Un nouvel adressage peut être accepté.",
)
REFERRAL_OF_ANOTHER = Template(
    en="The episode refers to ServiceRequest/{id}, the referral of another patient. Refer to the "
    "patient's own.",
    fr="Le parcours référence ServiceRequest/{id}, l'adressage d'un autre patient. Référencez celui du "
    "patient.",
)
EPISODE_NEEDED = Template(
    en="A sequence belongs to an EpisodeOfCare that is active, on hold or finished: refer to it.",
    fr="Une séquence appartient à un EpisodeOfCare actif, suspendu ou terminé : référencez-le.",
)
EPISODE_UNNUMBERED = Template(
    en="EpisodeOfCare/{id} has no number of the programme, by which its episodes are told and counted. Give "
    "it one.",
    fr="EpisodeOfCare/{id} n'a pas de numéro du programme, qui permet de reconnaître et de compter ses "
    "parcours. Donnez-lui-en un.",
)
ASSESSMENT_KEPT = Template(
    en="CarePlan/{id} rests on this initial assessment, which therefore stays a finished one of its patient, "
    "on {start} or before. Correct the sequence first.",
    fr="CarePlan/{id} repose sur cette évaluation initiale, qui reste donc terminée, celle de son patient, "
    "et du {start} au plus tard. Corrigez d'abord la séquence.",
)
EPISODE_KEPT = Template(
    en="CarePlan/{id} is a sequence of this EpisodeOfCare, which therefore stays on record as one that has "
    "begun, with its patient and a number of the programme. Correct the sequence first.",
    fr="CarePlan/{id} est une séquence de cet EpisodeOfCare, qui reste donc enregistré et commencé, avec "
    "son patient et un numéro du programme. Corrigez d'abord la séquence.",
)
REFERRAL_TAKEN_UP = Template(
    en="CarePlan/{id} is a sequence that began by this referral, which so was no error. Correct the sequence "
    "first, or cancel the referral.",
    fr="CarePlan/{id} est une séquence commencée par cet adressage, qui n'était donc pas une erreur. "
    "Corrigez d'abord la séquence, ou annulez l'adressage.",
)
EPISODE_OVER = Template(
    en="The EpisodeOfCare ended on {ended}, and the sequence begins on {start}. After the exit another "
    "EpisodeOfCare begins.",
    fr="L'EpisodeOfCare s'est terminé le {ended}, et la séquence commence le {start}. Après la sortie "
    "commence un autre EpisodeOfCare.",
)
EPISODE_OF_ANOTHER = Template(
    en="The EpisodeOfCare is another patient's. Refer to one of the patient of this sequence.",
    fr="L'EpisodeOfCare est celui d'un autre patient. Référencez celui du patient de cette séquence.",
)
EPISODE_OPEN = Template(
    en="The patient has an open episode already, EpisodeOfCare/{id}. End it before another begins.",
    fr="Le patient a déjà un parcours ouvert, EpisodeOfCare/{id}. Terminez-le avant d'en ouvrir un autre.",
)
TEAM_INCOMPLETE = Template(
    en="The care team is incomplete: an active CareTeam has exactly one ide, exactly one psychiatre and at "
    "least one medecin-generaliste.",
    fr="Le trinôme est incomplet : un CareTeam actif a exactement un ide, exactement un psychiatre et au "
    "moins un medecin-generaliste.",
)
TOO_LONG = Template(
    en="The sequence ends on {end}; it lasts {months} months at most, to {latest}.",
    fr="La séquence finit le {end} ; elle dure {months} mois au plus, jusqu'au {latest}.",
)
OUTSIDE_WINDOW = Template(
    en="The sequence begins on {start}, outside the window from {first} to {last} that this server is set "
    "to.",
    fr="La séquence commence le {start}, hors de la fenêtre du {first} au {last} fixée sur ce serveur.",
)
LEGER_ONCE = Template(
    en="A léger is never renewed, and an episode has one at most. A classique may follow if the patient "
    "needs it.",
    fr="Un léger n'est jamais renouvelé, et un parcours n'en compte qu'un. Un classique peut suivre si le "
    "patient en a besoin.",
)
LEGER_AFTER_CLASSIQUE = Template(
    en="A léger after a classique is not foreseen: renew the classique or end the episode.",
    fr="Un léger après un classique n'est pas prévu : renouvelez le classique ou terminez le parcours.",
)
CLASSIQUE_AFTER_LEGER = Template(
    en="A classique follows a léger; whether that is paid for is stated nowhere. Note why the patient "
    "needs it.",
    fr="Un classique suit un léger ; aucun texte ne dit s'il est payé. Notez pourquoi le patient en a "
    "besoin.",
)
TOO_MANY = Template(
    en="An episode has {most} classique sequences at most: the first and three renewals.",
    fr="Un parcours compte {most} séquences classiques au plus : la première et trois renouvellements.",
)
RANK_TAKEN = Template(
    en="The episode has a sequence of rank {rank} already, CarePlan/{id}. Give this one the next rank.",
    fr="Le parcours a déjà une séquence de rang {rank}, CarePlan/{id}. Donnez à celle-ci le rang suivant.",
)
BEYOND_YEAR = Template(
    en="The last sequence ends on {end}; the first began on {first}, so the twelve months are over on "
    "{latest}.",
    fr="La dernière séquence finit le {end} ; la première a commencé le {first}, les douze mois s'achèvent "
    "donc le {latest}.",
)
RENEWS_PREVIOUS = Template(
    en="A renewal replaces the classique of rank {rank} of the same episode: refer to it in "
    "CarePlan.replaces.",
    fr="Un renouvellement remplace la séquence classique de rang {rank} du même parcours : référencez-la "
    "dans CarePlan.replaces.",
)
FIRST_RENEWS_NOTHING = Template(
    en="A sequence of rank 1 renews none. Leave CarePlan.replaces out, or give it the rank that follows.",
    fr="Une séquence de rang 1 n'en renouvelle aucune. Retirez CarePlan.replaces, ou donnez-lui le rang "
    "suivant.",
)
RENEWS_LATER = Template(
    en="The renewal begins on {start}, before the sequence that it renews, which began on {previous}.",
    fr="Le renouvellement commence le {start}, avant la séquence qu'il renouvelle, qui a commencé le "
    "{previous}.",
)
RENEWED_BY = Template(
    en="CarePlan/{id} renews this sequence, which therefore stays a classique of rank {rank} of the same "
    "episode that is over and ends before {start}. Change the renewal first, or both in one transaction.",
    fr="CarePlan/{id} renouvelle cette séquence, qui reste donc une classique de rang {rank} du même "
    "parcours, achevée avant le {start}. Changez d'abord le renouvellement, ou les deux dans une même "
    "transaction.",
)
PREVIOUS_OPEN = Template(
    en="CarePlan/{id}, which this sequence renews, is still open. Complete it in the same transaction, or "
    "use $renew.",
    fr="CarePlan/{id}, que cette séquence renouvelle, est encore ouverte. Achevez-la dans la même "
    "transaction, ou utilisez $renew.",
)
GAP = Template(
    en="The renewal begins on {start}, more than a day after the end of the previous sequence on {end}.",
    fr="Le renouvellement commence le {start}, plus d'un jour après la fin de la séquence précédente le "
    "{end}.",
)
OVERLAP = Template(
    en="The sequence overlaps CarePlan/{id}, from {start} to {end}. Move its first or its last day.",
    fr="La séquence chevauche CarePlan/{id}, du {start} au {end}. Déplacez son premier ou son dernier jour.",
)
MERGED_OVERLAP = Template(
    en="These patients are one person, whose sequences CarePlan/{other} and CarePlan/{id} overlap. Give the "
    "one that was none the status entered-in-error: its claim is then cancelled.",
    fr="Ces patients sont une seule personne, dont les séquences CarePlan/{other} et CarePlan/{id} se "
    "chevauchent. Donnez le statut entered-in-error à celle qui n'en était pas une : sa facture est alors "
    "annulée.",
)
CLAIM_BY_SERVER = Template(
    en="The server writes claims itself, from their sequences. Read it: Claim?identifier={number}.",
    fr="Le serveur écrit lui-même les factures, à partir des séquences. Lisez-la : "
    "Claim?identifier={number}.",
)
CLAIM_OF_NOTHING = Template(
    en="No sequence can be billed that this claim is for: {reason}",
    fr="Aucune séquence facturable ne correspond à cette facture : {reason}",
)
CLAIM_KEPT = Template(
    en="A claim is never deleted. Cancel it: change its status from active to cancelled.",
    fr="Une facture n'est jamais supprimée. Annulez-la : passez son statut de active à cancelled.",
)
CLAIM_FIXED = Template(
    en="Of a claim only the status changes, from active to cancelled. To correct it, correct its sequence: "
    "the server then cancels and replaces it.",
    fr="D'une facture, seul le statut change, de active à cancelled. Pour la corriger, corrigez sa séquence "
    ": le serveur l'annule alors et la remplace.",
)
SEQUENCE_KEPT = Template(
    en="The sequence was billed by Claim/{id}. Give it the status entered-in-error instead: its claim is "
    "then cancelled.",
    fr="La séquence a été facturée par Claim/{id}. Donnez-lui plutôt le statut entered-in-error : sa facture "
    "est alors annulée.",
)
PARTY_KEPT = Template(
    en="Claim/{id} names this {type}, which therefore stays on record. A Coverage recorded by mistake "
    "becomes entered-in-error: what was billed to it is then cancelled.",
    fr="Claim/{id} nomme cette ressource {type}, qui reste donc enregistrée. Un Coverage enregistré par "
    "erreur devient entered-in-error : ce qui lui a été facturé est alors annulé.",
)
PATIENT_KEPT = Template(
    en="CarePlan/{id} is a sequence of this patient, who therefore stays on record. Give a sequence "
    "recorded by mistake the status entered-in-error first.",
    fr="CarePlan/{id} est une séquence de ce patient, qui reste donc enregistré. Donnez d'abord le statut "
    "entered-in-error à une séquence enregistrée par erreur.",
)
REFERRED_KEPT = Template(
    en="ServiceRequest/{id} refers this patient, who therefore stays on record. Give the Task of a referral "
    "sent by mistake the status entered-in-error first.",
    fr="ServiceRequest/{id} adresse ce patient, qui reste donc enregistré. Donnez d'abord le statut "
    "entered-in-error à la Task d'un adressage envoyé par erreur.",
)
ACK_CLAIM_NEEDED = Template(
    en="An acknowledgement is of a claim of this server: refer to it in Task.focus.",
    fr="Un accusé porte sur une facture de ce serveur : référencez-la dans Task.focus.",
)
ACK_ONCE = Template(
    en="Claim/{claim} is acknowledged by Task/{id} already. Update that one with If-Match.",
    fr="Claim/{claim} a déjà son accusé, Task/{id}. Mettez celui-ci à jour avec If-Match.",
)
ACK_KEPT = Template(
    en="An acknowledgement is neither deleted nor made into another Task: it says what became of its claim. "
    "Change its business status, forward.",
    fr="Un accusé n'est ni supprimé ni changé en une autre tâche : il dit ce que sa facture est devenue. "
    "Faites avancer son statut métier.",
)
ACK_FOCUS_FIXED = Template(
    en="This Task acknowledges Claim/{claim}. It stays so: another claim has an acknowledgement of its own.",
    fr="Cette tâche accuse réception de Claim/{claim}. Cela ne change pas : une autre facture a son propre "
    "accusé.",
)
ACK_STATE_NEEDED = Template(
    en="An acknowledgement says what became of the claim: give Task.businessStatus a code of "
    "sesame-claim-state, one of {known}.",
    fr="Un accusé dit ce que la facture est devenue : donnez à Task.businessStatus un code de "
    "sesame-claim-state, l'un de {known}.",
)
ACK_BACKWARDS = Template(
    en="An acknowledgement that says {before} cannot say {after}. From {before} it goes to: {allowed}.",
    fr="Un accusé qui dit {before} ne peut pas dire {after}. De {before}, il passe à : {allowed}.",
)
NOWHERE = Template(en="nothing else", fr="rien d'autre")
