"""The errors of commands, each reported in one line without a traceback."""

from fhir_server.issues import Issue

FAILED = 1
MISUSED = 2


class CommandError(Exception):
    """The command cannot go on; the message is one line for the operator."""

    status = FAILED


class MisuseError(CommandError):
    """The command was called with invalid arguments."""

    status = MISUSED


def in_one_line(issue: Issue) -> str:
    """An issue for the operator: its location, if it has one, and the message."""
    where = f"{', '.join(issue.expression)}: " if issue.expression else ""
    return where + issue.text.render()
