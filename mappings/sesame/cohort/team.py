"""The fictitious professionals and organisations of the synthetic cohort."""

from dataclasses import dataclass

from mappings.sesame import identifiers
from mappings.sesame.check_digits import luhn_digit
from mappings.sesame.guide import Guide, Resource
from mappings.sesame.resources.elements import synthetic
from mappings.sesame.resources.organization import organization
from mappings.sesame.resources.practitioner import practitioner, practitioner_role
from mappings.sesame.transaction import create, inside, transaction

SITES = ("Maison de santé fictive des Tilleuls", "Centre municipal de santé fictif des Lilas")
GIVEN = ("Alix", "Charlie", "Eden", "Lou", "Maxence", "Noa", "Sacha")
# RPPS and FINESS numbers in a range that no register assigns; the check digit is added.
RPPS_BODY, FINESS_BODY, SIREN_BODY = "999100{:04}", "991{:05}", "99999900"


@dataclass(frozen=True, slots=True)
class Member:
    """A professional and their role."""

    practitioner: Resource
    role: Resource


@dataclass(frozen=True, slots=True)
class Team:
    """All professionals and organisations of the cohort."""

    carrier: Resource
    insurer: Resource
    hospital: Resource
    sites: tuple[Resource, ...]
    doctors: tuple[Member, ...]
    nurses: tuple[Member, ...]
    psychiatrists: tuple[Member, ...]

    @property
    def resources(self) -> list[Resource]:
        members = (*self.doctors, *self.nurses, *self.psychiatrists)
        people = [found for member in members for found in (member.practitioner, member.role)]
        return [self.carrier, self.insurer, self.hospital, *self.sites, *people]


def make_team(guide: Guide) -> Team:
    """The team, the same at each call: two doctors and a nurse per site, two psychiatrists at
    the hospital.
    """
    sites = tuple(_site(place, name) for place, name in enumerate(SITES, start=1))
    hospital = _site(90, "Centre hospitalier fictif")
    return Team(
        carrier=organization(
            identifier=identifiers.siren(_with_luhn(SIREN_BODY)),
            name="Quartet Santé (données fictives)",
            kind="prov",
        ),
        insurer=organization(
            identifier=identifiers.numbered(guide, "record", "caisse-fictive"),
            name="Caisse d'assurance maladie fictive",
            kind="pay",
        ),
        hospital=hospital,
        sites=sites,
        doctors=tuple(
            _member(guide, 10 + place, "medecin-generaliste", sites[place % 2]) for place in range(4)
        ),
        nurses=tuple(_member(guide, 20 + place, "ide", sites[place]) for place in range(2)),
        psychiatrists=tuple(_member(guide, 30 + place, "psychiatre", hospital) for place in range(2)),
    )


def team_bundle(guide: Guide, team: Team) -> Resource:
    """The transaction that creates the team."""
    return transaction(create(synthetic(guide, found)) for found in team.resources)


def _site(number: int, name: str) -> Resource:
    finess = _with_luhn(FINESS_BODY.format(number))
    return organization(identifier=identifiers.finess(finess), name=name, kind="prov")


def _member(guide: Guide, number: int, role: str, site: Resource) -> Member:
    rpps = _with_luhn(RPPS_BODY.format(number))
    person = practitioner(number=rpps, family=f"FICTIF-{number}", given=GIVEN[number % len(GIVEN)], role=role)
    held = practitioner_role(
        guide,
        number=rpps,
        site=site["identifier"][0]["value"],
        role=role,
        practitioner=inside(person),
        organization=inside(site),
    )
    return Member(person, held)


def _with_luhn(body: str) -> str:
    return body + luhn_digit(body)
