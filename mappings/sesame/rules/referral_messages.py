"""The messages of the rules on referrals, in English and French."""

from fhir_server.issues import Template

REFERRAL_NEEDED = Template(
    en="The Task of a referral is about a ServiceRequest of the programme that is on record: refer to it in "
    "Task.focus.",
    fr="La tâche d'un adressage porte sur un ServiceRequest du programme, enregistré ici : référencez-le "
    "dans Task.focus.",
)
FOCUS_FIXED = Template(
    en="This Task is about ServiceRequest/{id}. It stays so: another referral has a Task of its own.",
    fr="Cette tâche porte sur ServiceRequest/{id}. Cela ne change pas : un autre adressage a sa propre "
    "tâche.",
)
PATIENT_DIFFERS = Template(
    en="The Task is for another patient than its referral. Write Patient/{patient}.",
    fr="La tâche concerne un autre patient que son adressage. Écrivez Patient/{patient}.",
)
TASK_ONCE = Template(
    en="The referral has its Task already, Task/{id}. Follow and update that one.",
    fr="L'adressage a déjà sa tâche, Task/{id}. Suivez et mettez à jour celle-là.",
)
TASK_KEPT = Template(
    en="The Task of a referral is never deleted. Change its status: cancelled, or entered-in-error.",
    fr="La tâche d'un adressage n'est jamais supprimée. Changez son statut : cancelled ou entered-in-error.",
)
BEGINS_OTHERWISE = Template(
    en="A referral cannot begin as {status}. Begin with one of: {allowed}.",
    fr="Un adressage ne peut pas commencer par {status}. Commencez par l'un de : {allowed}.",
)
ILLEGAL_MOVE = Template(
    en="A referral that is {before} cannot become {after}. Allowed moves: {allowed}.",
    fr="Un adressage {before} ne peut pas devenir {after}. Passages permis : {allowed}.",
)
BUSINESS_MISFIT = Template(
    en="The business status {business} does not go with the status {status}. Allowed with it: {allowed}.",
    fr="Le statut métier {business} ne va pas avec le statut {status}. Permis avec lui : {allowed}.",
)
REASON_NEEDED = Template(
    en="A referral that is rejected says why: give Task.statusReason a code of sesame-reject-reason.",
    fr="Un adressage refusé dit pourquoi : donnez à Task.statusReason un code de sesame-reject-reason.",
)
INELIGIBLE = Template(
    en="The patient cannot be taken on: {reason}. Reject the referral with that code as its statusReason.",
    fr="Le patient ne peut pas être pris en charge : {reason}. Refusez l'adressage avec ce code comme "
    "statusReason.",
)
FOLLOW_UP_UNANSWERED = Template(
    en="Nobody has said whether a psychiatrist follows the patient. Ask, and write the answer into "
    "ServiceRequest/{id}, extension sans-suivi-psychiatrique, before the referral is accepted.",
    fr="Personne n'a dit si un psychiatre suit le patient. Demandez-le, et écrivez la réponse dans "
    "ServiceRequest/{id}, extension sans-suivi-psychiatrique, avant d'accepter l'adressage.",
)
REFERRAL_LACKS = Template(
    en="This ServiceRequest is a referral, but lacks: {names}. It needs the identifier of the software that "
    "sends it, of type PLAC with system and value, a Patient of this server, a requester to answer, and the "
    "day on which it was written.",
    fr="Ce ServiceRequest est un adressage, mais il lui manque : {names}. Il lui faut l'identifiant du "
    "logiciel qui l'envoie, de type PLAC avec système et valeur, un Patient de ce serveur, un demandeur à "
    "qui répondre, et le jour où il a été écrit.",
)
REFERRAL_KEPT = Template(
    en="A referral is neither deleted nor made into another request. Give its Task the status cancelled or "
    "entered-in-error.",
    fr="Un adressage n'est ni supprimé ni changé en une autre demande. Donnez à sa tâche le statut cancelled "
    "ou entered-in-error.",
)
NOTHING = Template(en="none", fr="aucun")
MIRRORED = Template(
    en="The Task says how a referral stands, and the status of the ServiceRequest follows it: {expected}, "
    "not {given}. Change the Task, and leave the ServiceRequest.",
    fr="La tâche dit où en est l'adressage, et le statut du ServiceRequest la suit : {expected}, "
    "et non {given}. Changez la tâche et laissez le ServiceRequest.",
)
SENT_ACTIVE = Template(
    en="A referral is sent with the status active, not {given}.",
    fr="Un adressage est envoyé avec le statut active, et non {given}.",
)
REFERRED_ONCE = Template(
    en="ServiceRequest/{id} bears this placer identifier already: it is this referral. Send it with "
    "ifNoneExist, and a second sending answers with the first.",
    fr="ServiceRequest/{id} porte déjà cet identifiant PLAC : c'est cet adressage. Envoyez-le avec "
    "ifNoneExist, et un second envoi répond par le premier.",
)
PLACER_FIXED = Template(
    en="The placer identifier of a referral does not change.",
    fr="L'identifiant PLAC d'un adressage ne change pas.",
)
REFERRED_PATIENT_FIXED = Template(
    en="The patient of a referral does not change: it is for Patient/{patient}.",
    fr="Le patient d'un adressage ne change pas : il est pour Patient/{patient}.",
)
FILLER_BY_SERVER = Template(
    en="The server gives a referral its FILL identifier: leave it out, or write {number}.",
    fr="Le serveur donne à un adressage son identifiant FILL : omettez-le, ou écrivez {number}.",
)
PATIENT_UNKNOWN = Template(
    en="Patient/{id} is not on record here. Send the patient first, or in the same transaction.",
    fr="Patient/{id} n'est pas enregistré ici. Envoyez le patient d'abord, ou dans la même transaction.",
)
AGE_UNKNOWN = Template(
    en="Whether the patient was an adult on the day of the referral cannot be told from Patient.birthDate: "
    "ask before the first appointment.",
    fr="Patient.birthDate ne permet pas de dire si le patient était majeur le jour de l'adressage : "
    "demandez-le avant le premier rendez-vous.",
)
