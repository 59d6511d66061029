"""What can go wrong for a person, said in one line."""


class SonifyError(Exception):
    """This input, file or device can't be used.

    The message is one line for the person at the terminal: what is wrong, and what to do.
    The command line prints it and leaves with exit code 1.
    """


class UnwritableError(SonifyError):
    """Nothing can be written there at present: the disk is full, or a permission is missing.

    Told apart because it isn't the text's fault: a watcher tries again later.
    """
