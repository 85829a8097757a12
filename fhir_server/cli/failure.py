"""What stops a command: said in one line, without a traceback."""

FAILED = 1
MISUSED = 2


class CommandError(Exception):
    """The command cannot go on; the message is one line for the operator."""

    status = FAILED


class MisuseError(CommandError):
    """The command was not called as it can be."""

    status = MISUSED
