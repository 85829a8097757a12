"""The operations that the engine offers without a programme."""

from fhir_server.extension import Operation
from fhir_server.operations.changes import CHANGES
from fhir_server.operations.everything import ENCOUNTER_EVERYTHING, EVERYTHING
from fhir_server.operations.explain_search.operation import EXPLAIN_SEARCH
from fhir_server.operations.lastn import LASTN
from fhir_server.operations.meta import META, META_ADD, META_DELETE
from fhir_server.operations.reindex import REINDEX
from fhir_server.operations.terminology.batch_validate_code import (
    CODE_SYSTEM_BATCH_VALIDATE_CODE,
    VALUE_SET_BATCH_VALIDATE_CODE,
)
from fhir_server.operations.terminology.expand import EXPAND
from fhir_server.operations.terminology.find_matches import FIND_MATCHES
from fhir_server.operations.terminology.lookup import LOOKUP
from fhir_server.operations.terminology.preferred_id import PREFERRED_ID
from fhir_server.operations.terminology.subsumes import SUBSUMES
from fhir_server.operations.terminology.translate import TRANSLATE
from fhir_server.operations.terminology.validate_code import (
    CODE_SYSTEM_VALIDATE_CODE,
    VALUE_SET_VALIDATE_CODE,
)
from fhir_server.operations.validate.operation import VALIDATE

OPERATIONS: tuple[Operation, ...] = (
    CHANGES,
    CODE_SYSTEM_BATCH_VALIDATE_CODE,
    CODE_SYSTEM_VALIDATE_CODE,
    ENCOUNTER_EVERYTHING,
    EVERYTHING,
    EXPAND,
    EXPLAIN_SEARCH,
    FIND_MATCHES,
    LASTN,
    LOOKUP,
    META,
    META_ADD,
    META_DELETE,
    PREFERRED_ID,
    REINDEX,
    SUBSUMES,
    TRANSLATE,
    VALIDATE,
    VALUE_SET_BATCH_VALIDATE_CODE,
    VALUE_SET_VALIDATE_CODE,
)
