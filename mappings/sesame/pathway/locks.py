"""What is held while something is counted, so that nobody writes one more of it at the same time.

The lock on a resource stands for all that refers to it: whoever counts the same takes the same lock.
"""

from fhir_server.extension import View


def lock_references_to(view: View, type: str, id: str) -> None:
    """Let nobody else count what refers to a resource until this unit of work is committed."""
    view.lock(f"sesame/{type}/{id}")
