"""What stops a command, and what it refuses: each said in one line, without a traceback."""

from fhir_server.issues import Issue

FAILED = 1
MISUSED = 2


class CommandError(Exception):
    """The command cannot go on; the message is one line for the operator."""

    status = FAILED


class MisuseError(CommandError):
    """The command was not called as it can be."""

    status = MISUSED


def in_one_line(issue: Issue) -> str:
    """An issue for the operator: its place, if it has one, and the sentence."""
    where = f"{', '.join(issue.expression)}: " if issue.expression else ""
    return where + issue.text.render()
