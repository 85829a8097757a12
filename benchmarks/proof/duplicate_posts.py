"""Every POST sent twice at the same time, as by a client whose network loses answers.

https://hl7.org/fhir/R4/http.html#ccreate
"""

from concurrent.futures import ThreadPoolExecutor

from fhir_server.cli.bundle_sender import SendBundle
from fhir_server.extension import Resource


def send_twice(post: SendBundle, others: ThreadPoolExecutor) -> SendBundle:
    """A sender that sends each Bundle twice at once; `others` run the second request. Both must succeed."""

    def both(bundle: Resource) -> None:
        second = others.submit(post, bundle)
        post(bundle)
        second.result()

    return both
