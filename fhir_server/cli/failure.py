"""What stops a command: said in one line, without a traceback."""


class CommandError(Exception):
    """The command cannot go on; the message is one line for the operator."""
