"""Loads the programmes' guides and, on request, their synthetic cohorts into the store at start-up."""

import uuid

from fhir_server.bootstrap import Server
from fhir_server.cli.errors import CommandError
from fhir_server.cli.requests import write_request
from fhir_server.core.resource import body, draft
from fhir_server.errors import FhirError
from fhir_server.programme import Programme, Resource
from fhir_server.store.port import StoredResource

DEMO_JOB = "demo"
DEMO_LEASE_SECONDS = 300


def adopt_search_parameters(server: Server, changed_too: bool = False) -> None:
    """Adopt this process's search parameters in the store where they are new.

    Raises `CommandError` where the store has them with other definitions, unless `changed_too`: a command may
    have been given other settings than the server by mistake.
    """
    recorded = server.store.indexes()
    others = server.engines.current().indexed_otherwise
    changed = [f"{type}.{code}" for type, code in others if code in recorded[type].fingerprints]
    if changed and not changed_too:
        raise CommandError(
            f"the store indexes {len(changed)} search parameters otherwise than this command would, such as "
            f"{changed[0]}. If this is the right version, and these are the right guides and settings (time "
            "zone and base URL count), put them in force by 'fhir-server reindex --all'."
        )
    if others:
        server.engines.adopt()


def load_guides(server: Server) -> int:
    """Write the guide resources that are new or changed, and return their number.

    Those of a programme are written in one transaction, or as few as the limit of entries allows, so that
    their definitions come into force together.
    """
    changed, most = 0, server.settings.bundle_entries_max
    for programme in server.programmes:
        entries = [
            _replacement(resource)
            for resource in programme.guide(server.settings.guide_root)
            if not _is_current(resource, server.store.read(resource["resourceType"], resource["id"]))
        ]
        for start in range(0, len(entries), most):
            portion = entries[start : start + most]
            _send(server, {"resourceType": "Bundle", "type": "transaction", "entry": portion}, programme)
        changed += len(entries)
    return changed


def _replacement(resource: Resource) -> Resource:
    url = f"{resource['resourceType']}/{resource['id']}"
    return {"resource": resource, "request": {"method": "PUT", "url": url}}


def _is_current(resource: Resource, stored: StoredResource | None) -> bool:
    if stored is None or stored.deleted:
        return False
    return stored.body == body(draft(resource, resource["id"]), stored.version, stored.last_updated)


def load_demo(server: Server) -> None:
    """Load the programmes' synthetic cohorts, each only once per store."""
    owner = str(uuid.uuid4())
    for programme in server.programmes:
        if server.store.acquire_job(DEMO_JOB, programme.name, owner, DEMO_LEASE_SECONDS) is None:
            continue
        with server.store.group():
            for bundle in programme.demo(server.settings.guide_root):
                _send(server, bundle, programme)
        server.store.update_job(programme.name, owner, b"{}", done=True)


def _send(server: Server, bundle: Resource, programme: Programme) -> None:
    try:
        server.dispatcher.dispatch(write_request(server.settings, bundle))
    except FhirError as error:
        raise CommandError(f"a Bundle of {programme.name} was refused: {error}") from error
