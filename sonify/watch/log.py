"""What is said about it: a line for a person, or a JSON object a line for a program."""

import json
import time
from datetime import datetime
from typing import TextIO

from sonify.errors import SonifyError


class Log:
    """Writes an event a line, at once.

    Args:
        stream: where to.
        as_json: whether to write objects: `time` (ISO 8601), `event`, what belongs to the event,
            and `message`, which is what a person would read.
    """

    def __init__(self, stream: TextIO, *, as_json: bool = False) -> None:
        self._stream = stream
        self._as_json = as_json
        self._complaint: str | None = None

    def __call__(self, event: str, message: str, **values: object) -> None:
        """Says that `event` has happened.

        Raises:
            SonifyError: nobody reads what is said any more.
        """
        if self._as_json:
            now = datetime.now().astimezone().isoformat(timespec="milliseconds")
            entry = {"time": now, "event": event, **values, "message": message}
            line = json.dumps(entry, ensure_ascii=False, default=str)
        else:
            line = f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {one_line(message)}"
        try:
            # Lone surrogates, as in names that aren't UTF-8, become JSON escapes this way.
            print(line.encode("utf-8", "backslashreplace").decode(), file=self._stream, flush=True)
        except OSError as error:
            raise SonifyError("nobody reads the log any more") from error

    def complain(self, reason: str) -> None:
        """Says, once, what is in the way and has to be put right by somebody else."""
        if reason != self._complaint:
            self._complaint = reason
            self("trouble", f"{reason}; trying again until it is put right", reason=reason)

    def recovered(self) -> None:
        """From here on, a complaint is a new one."""
        self._complaint = None


def one_line(text: str) -> str:
    """A text on one line, whatever is in the names that it mentions."""
    return "".join(
        character if character.isprintable() else repr(character)[1:-1] for character in text
    )
