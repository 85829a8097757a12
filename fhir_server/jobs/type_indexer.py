"""Indexes the resources of a type again, batch by batch, as they are.

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
"""Resources in one unit of work, which takes the writer about ten milliseconds."""
BATCH_SECONDS = 3.0
"""Processor time after which a batch ends early, because the lease must not expire meanwhile."""

_TOO_COSTLY = (
    "{0}: the expression of the search parameter '{1}' of {2} takes too long on it;"
    " simplify the expression, or retire the parameter"
)

_CONTAINED = b'"contained":'


class SequenceRange(NamedTuple):
    """The resources of a type whose first sequence is above `after` and at most `upto`, to be indexed by the
    definitions of a generation: by all parameters if `everything`, else by pending ones.
    """

    type: str
    after: int
    upto: int
    generation: int
    everything: bool


class Batch(NamedTuple):
    """Resources and their index entries, only of `parameters` unless None. `next` is the sequence to continue
    after, None at the end of the range.
    """

    resources: tuple[StoredResource, ...]
    entries: tuple[Entries, ...]
    parameters: frozenset[str] | None
    next: int | None

    def write(self, unit: UnitOfWork) -> None:
        """Replace the index entries of the resources that have not changed since."""
        unit.prefetch([(stored.type, stored.id) for stored in self.resources])
        for stored, entries in zip(self.resources, self.entries, strict=True):
            unit.replace_entries(stored, entries, self.parameters)


class ResourceFailed(Exception):
    """A resource cannot be indexed. The text names it and the class of the error, but not the message, which
    could contain data of the resource; or the parameter that takes too long.
    """


class TypeIndexer:
    """Indexes ranges of resources. Calls `after_each` after each resource."""

    def __init__(self, engines: Engines, after_each: Callable[[], object] = lambda: None) -> None:
        self._engines = engines
        self._after_each = after_each

    def index_range(self, span: SequenceRange) -> int:
        """Index all resources of a range; their number. Raises `DefinitionsChanged` and `ResourceFailed`."""
        engine = self._engines.current()
        if engine.generation != span.generation:
            raise DefinitionsChanged
        indexed, after = 0, span.after
        while True:
            batch = self.next_batch(engine, span._replace(after=after))
            transact(engine, batch.write)
            indexed += len(batch.resources)
            if batch.next is None:
                return indexed
            after = batch.next

    def next_batch(self, engine: Engine, span: SequenceRange) -> Batch:
        """The first resources of a range with their index entries. Raises `ResourceFailed`."""
        page = Page(span.upto, (span.after,))
        result = engine.store.search(SearchQuery((span.type,), count=BATCH, total="none", page=page))
        parameters = _parameters(engine, span)
        if any(_CONTAINED in stored.body for stored in result.matches):
            parameters = None  # contained resources can only be indexed with the whole
        entries = tuple(self._entries(engine, result.matches, parameters))
        indexed = result.matches[: len(entries)]
        last = result.next is None and len(entries) == len(result.matches)
        return Batch(indexed, entries, parameters, None if last else indexed[-1].first_sequence)

    def _entries(
        self, engine: Engine, resources: tuple[StoredResource, ...], parameters: frozenset[str] | None
    ) -> Iterator[Entries]:
        extractor = engine.extractor
        if extractor.overrun:
            extractor = extractor.with_registry(engine.registry)  # which tries the overrun parameters again
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


def _parameters(engine: Engine, span: SequenceRange) -> frozenset[str] | None:
    """The parameters to index, if indexing these is enough; None for all."""
    pending = engine.pending.get(span.type)
    return pending if pending and not span.everything and pending.isdisjoint(OF_THE_WHOLE) else None
