"""The reference backend: dicts, one lock, and searches that walk every resource.

Written to be checked by reading; what it answers is what every other backend must answer.
"""

from fhir_server.store.memory.store import MemoryStore

__all__ = ["MemoryStore"]
