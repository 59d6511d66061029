"""How a text is to be composed, and what a soundtrack is known by."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from sonify.errors import SonifyError
from sonify.settings import Settings, model_folders

REPORT = ".json"


@dataclass(frozen=True, slots=True)
class Options:
    """How a text is to be composed.

    Attributes:
        settings: what `pipeline.compose` is asked for.
        mood: name of the model that hears.
        major: folder of another melody model to sing in major with.
        minor: the same for minor.
        program: General MIDI program.
        soundfont: what audio is rendered with.
        suffixes: of the files that are made, the report's among them.
    """

    settings: Settings
    mood: str
    major: Path | None
    minor: Path | None
    program: int
    soundfont: Path | None
    suffixes: tuple[str, ...]

    def key(self, content: str, suffix: str) -> str:
        """What the soundtrack of such a content is known by, together with options and models.

        Args:
            content: SHA-256 of the text file.
            suffix: the text file's, since it says how it is read.

        Raises:
            SonifyError: a model isn't there.
        """
        folders = model_folders(self.mood, self.major, self.minor)
        models = [_content_of(folder) for folder in folders.values()]
        what = repr((content, suffix.lower(), replace(self, major=None, minor=None), models))
        return hashlib.sha256(what.encode()).hexdigest()


OptionsOf = Callable[[Path], Options]
"""The options for the texts in a folder, given relative to the inbox.

Raises SonifyError where they are wrong."""


def reread_models() -> None:
    """Lets the next key look at the models' files again."""
    _content_of.cache_clear()


@cache
def _content_of(folder: Path) -> str:
    digest = hashlib.sha256()
    try:
        for file in sorted(file for file in folder.iterdir() if file.is_file()):
            digest.update(f"{file.name}\n{file.stat().st_size}\n".encode())
            with file.open("rb") as content:
                digest.update(hashlib.file_digest(content, "sha256").digest())
    except OSError as error:
        raise SonifyError(f"there's no model in {folder}: {error.strerror}") from error
    return digest.hexdigest()
