"""The walk through the resources of a type, each of which is indexed anew as it stands.

https://hl7.org/fhir/R4/searchparameter.html
"""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from fhir_server.core import json
from fhir_server.extension import Engine
from fhir_server.interactions.engines import DefinitionsChanged, Engines, transact
from fhir_server.search.ast import Page, SearchQuery
from fhir_server.search.entries import Entries
from fhir_server.search.extract import OF_THE_WHOLE
from fhir_server.store.port import StoredResource, UnitOfWork

BATCH = 100
"""Resources in one unit, some ten milliseconds of the writer's time."""
BATCH_SECONDS = 3.0
"""After so much of the processor's time a unit is done: a lease must not run out meanwhile."""

_TOO_COSTLY = (
    "{0}: the expression of the search parameter '{1}' of {2} takes too long on it;"
    " simplify the expression, or retire the parameter"
)

_CONTAINED = b'"contained":'


class Part(NamedTuple):
    """The resources of a type whose first sequence is above `after` and at most `upto`, to be indexed by the
    definitions of a generation: all their parameters, or those that are pending.
    """

    type: str
    after: int
    upto: int
    generation: int
    everything: bool


class Batch(NamedTuple):
    """Some resources and their entries, of `parameters` alone where these are given; `next` is the sequence
    to go on after, None at the end of the part.
    """

    resources: tuple[StoredResource, ...]
    entries: tuple[Entries, ...]
    parameters: frozenset[str] | None
    next: int | None

    def write(self, unit: UnitOfWork) -> None:
        """Replace the entries of those that have not changed since."""
        unit.prefetch([(stored.type, stored.id) for stored in self.resources])
        for stored, entries in zip(self.resources, self.entries, strict=True):
            unit.replace_entries(stored, entries, self.parameters)


class ResourceFailed(Exception):
    """A resource that cannot be indexed: its reference, and no more than the kind of error, as the text could
    hold what the resource says; or the parameter that takes too long.
    """


class Walk:
    """Goes through parts. `after_each` is called after each resource that was looked through."""

    def __init__(self, engines: Engines, after_each: Callable[[], object] = lambda: None) -> None:
        self._engines = engines
        self._after_each = after_each

    def whole(self, part: Part) -> int:
        """Index all of a part; how many resources there were. Raises `DefinitionsChanged` and
        `ResourceFailed`.
        """
        engine = self._engines.current()
        if engine.generation != part.generation:
            raise DefinitionsChanged
        indexed, after = 0, part.after
        while True:
            batch = self.batch(engine, part._replace(after=after))
            transact(engine, batch.write)
            indexed += len(batch.resources)
            if batch.next is None:
                return indexed
            after = batch.next

    def batch(self, engine: Engine, part: Part) -> Batch:
        """The first resources of a part. Raises `ResourceFailed`."""
        page = Page(part.upto, (part.after,))
        result = engine.store.search(SearchQuery((part.type,), count=BATCH, total="none", page=page))
        parameters = _parameters(engine, part)
        if any(_CONTAINED in stored.body for stored in result.matches):
            parameters = None  # what lies within is indexed with the whole alone
        entries = tuple(self._entries(engine, result.matches, parameters))
        looked_through = result.matches[: len(entries)]
        last = result.next is None and len(entries) == len(result.matches)
        return Batch(looked_through, entries, parameters, None if last else looked_through[-1].first_sequence)

    def _entries(
        self, engine: Engine, resources: tuple[StoredResource, ...], parameters: frozenset[str] | None
    ) -> Iterator[Entries]:
        extractor = engine.extractor
        if extractor.overrun:
            extractor = extractor.over(engine.registry)  # which looks at them again
        entries_of = extractor.entries
        if parameters is not None:
            entries_of = partial(extractor.entries_of, codes=parameters)
        ends = time.thread_time() + BATCH_SECONDS
        for stored in resources:
            try:
                yield entries_of(json.parse_own(stored.body))
            except Exception as error:
                raise ResourceFailed(f"{stored.reference}: {type(error).__name__}") from error
            for overrun, code in tuple(extractor.overrun):
                raise ResourceFailed(_TOO_COSTLY.format(stored.reference, code, overrun))
            self._after_each()
            if time.thread_time() > ends:
                return


def _parameters(engine: Engine, part: Part) -> frozenset[str] | None:
    """The parameters to be indexed, where it is enough to look at these; None for all."""
    pending = engine.pending.get(part.type)
    return pending if pending and not part.everything and pending.isdisjoint(OF_THE_WHOLE) else None
