"""The table `dated`: codes with their dates, latest first, for curves and the last values of a measure.

The index of codes is in the order of resources, and the index of dates mixes all codes: to find the latest of
a rare code, either would be read at length. This table combines both, for every type that has the parameters
`code` and `date`. Triggers maintain it, because it holds nothing of its own: a row comes and goes with its
token and its date. There is one exception: a code added to a resource that already has its date gets its row
only when the resource leaves the backlog. To look for a date with every token would make a write five times
as expensive. https://www.sqlite.org/lang_createtrigger.html
"""

import sqlite3

CODE, DATE = "code", "date"
"""The parameters that most clinical types have: https://hl7.org/fhir/R4/searchparameter-registry.html"""

_TABLE = """
CREATE TABLE IF NOT EXISTS dated (
    parameter INTEGER, code TEXT, high INTEGER, key INTEGER, low INTEGER, system INTEGER,
    PRIMARY KEY (parameter, code, high DESC, key, low, system)) WITHOUT ROWID"""

_ROW = "t.parameter, t.code, d.high, d.key, d.low, t.system"
_CODES_OF_DATE = f"""
parameters o CROSS JOIN parameters c ON c.code = '{CODE}' AND c.type = o.type
CROSS JOIN token t INDEXED BY token_key ON t.parameter = c.id"""
_DATES_OF_CODE = f"""
parameters o CROSS JOIN parameters c ON c.code = '{DATE}' AND c.type = o.type
CROSS JOIN date d INDEXED BY date_key ON d.parameter = c.id"""
_BOTH = f"""
parameters o CROSS JOIN parameters c ON c.code = '{CODE}' AND c.type = o.type AND o.code = '{DATE}'
CROSS JOIN token t ON t.parameter = c.id
CROSS JOIN date d INDEXED BY date_key ON d.key = t.key AND d.parameter = o.id"""

_FILL = f"INSERT OR IGNORE INTO dated SELECT {_ROW} FROM {_BOTH}"

_TRIGGERS = (
    f"""
    CREATE TRIGGER IF NOT EXISTS dated_date_comes AFTER INSERT ON date BEGIN
        INSERT OR IGNORE INTO dated
        SELECT t.parameter, t.code, NEW.high, NEW.key, NEW.low, t.system FROM {_CODES_OF_DATE}
        WHERE o.id = NEW.parameter AND o.code = '{DATE}' AND t.key = NEW.key;
    END""",
    f"""
    CREATE TRIGGER IF NOT EXISTS dated_date_goes AFTER DELETE ON date BEGIN
        DELETE FROM dated WHERE (parameter, code, high, key, low, system) IN (
        SELECT t.parameter, t.code, OLD.high, OLD.key, OLD.low, t.system FROM {_CODES_OF_DATE}
        WHERE o.id = OLD.parameter AND o.code = '{DATE}' AND t.key = OLD.key);
    END""",
    f"""
    CREATE TRIGGER IF NOT EXISTS dated_code_goes AFTER DELETE ON token BEGIN
        DELETE FROM dated WHERE (parameter, code, high, key, low, system) IN (
        SELECT OLD.parameter, OLD.code, d.high, OLD.key, d.low, OLD.system FROM {_DATES_OF_CODE}
        WHERE o.id = OLD.parameter AND o.code = '{CODE}' AND d.key = OLD.key);
    END""",
    f"""
    CREATE TRIGGER IF NOT EXISTS dated_code_has_come AFTER DELETE ON backlog BEGIN
        INSERT OR IGNORE INTO dated
        SELECT t.parameter, t.code, d.high, d.key, d.low, t.system
        FROM token t INDEXED BY token_key
        CROSS JOIN parameters c ON c.id = t.parameter AND c.code = '{CODE}'
        CROSS JOIN parameters o ON o.code = '{DATE}' AND o.type = c.type
        CROSS JOIN date d INDEXED BY date_key ON d.key = t.key AND d.parameter = o.id
        WHERE t.key = OLD.key;
    END""",
)

SURPLUS = """
SELECT count(*) FROM dated e WHERE NOT EXISTS (
    SELECT 1 FROM token t INDEXED BY token_key WHERE t.key = e.key AND t.parameter = e.parameter
    AND t.code = e.code AND t.system = e.system)
OR NOT EXISTS (
    SELECT 1 FROM date d INDEXED BY date_key WHERE d.key = e.key AND d.low = e.low AND d.high = e.high)"""
"""Counts rows that have no token or no date."""

MISSING = f"""
SELECT count(*) FROM {_BOTH} WHERE t.key NOT IN (SELECT key FROM waiting) AND NOT EXISTS (
    SELECT 1 FROM dated e WHERE (e.parameter, e.code, e.high, e.key, e.low, e.system) = ({_ROW}))"""
"""Counts rows that are missing, though their resource does not wait to be indexed."""


def create_code_date_index(connection: sqlite3.Connection) -> None:
    """Create the table and its triggers, and add a row for every code that has a date."""
    connection.execute(_TABLE)
    connection.execute(_FILL)
    for trigger in _TRIGGERS:
        connection.execute(trigger)
