"""What can go wrong for a person, said in one line."""


class SonifyError(Exception):
    """This input, file or device can't be used.

    The message is one line for the person at the terminal: what is wrong, and what to do.
    The command line prints it and leaves with exit code 1.
    """
