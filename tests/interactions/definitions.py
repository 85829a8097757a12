"""Search parameters of the tests' own, and resources that they find."""

from typing import Any

from fhir_server.jobs import reindex
from fhir_server.jobs.reindex import Progress, ReindexWorker
from tests.interactions.client import Client, patient

URL = "https://example.org/fhir/SearchParameter/favourite"
FAVOURITE = "https://example.org/fhir/StructureDefinition/favourite"


def parameter(**members: Any) -> dict[str, Any]:
    """A parameter that finds patients by their favourite colour, which an extension tells."""
    return {
        "resourceType": "SearchParameter",
        "id": "favourite",
        "url": URL,
        "name": "Favourite",
        "status": "active",
        "description": "The favourite colour",
        "code": "favourite",
        "base": ["Patient"],
        "type": "string",
        "expression": f"Patient.extension('{FAVOURITE}').value.ofType(string)",
    } | members


def fond_of(colour: str, **members: Any) -> dict[str, Any]:
    """A patient with a favourite colour."""
    return patient(extension=[{"url": FAVOURITE, "valueString": colour}], **members)


def fill(client: Client, count: int) -> None:
    """Patients who love blue, and the parameter that finds them."""
    with client.engine.store.group():
        for number in range(count):
            client.put(f"Patient/p{number}", fond_of("blue", id=f"p{number}"))
    client.put("SearchParameter/favourite", parameter())


def reindexed(client: Client, everything: bool = False) -> list[Progress]:
    """Do a whole job in the client's process; its steps."""
    job = reindex.request(client.engine.store, everything)
    return list(ReindexWorker(client.engines, "test").steps(job.id))
