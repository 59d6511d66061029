"""The mood models there are, by name."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import ClassVar, Protocol

from sonify.errors import SonifyError
from sonify.mood.mood import Mood
from sonify.reading.book import Sentence

_PACKAGE = Path(__file__).resolve().parents[1]
FOLDER = next(
    (folder for folder in (_PACKAGE / "models", _PACKAGE.parent / "models") if folder.is_dir()),
    _PACKAGE / "models",
)
"""Where the shipped models lie: in the installed package, or beside it in a checkout."""

DEFAULT = "ko"


class MoodModel(Protocol):
    """Hears what sentences feel.

    Attributes:
        name: its folder's name.
        language: of the texts it hears, ISO 639-1.
    """

    name: ClassVar[str]
    language: ClassVar[str]

    def hear(
        self, sentences: Iterable[Sentence], *, context: bool = True, live: bool = False
    ) -> Iterator[Mood]:
        """The mood of each sentence, in order; reads only some sentences ahead.

        Args:
            sentences: of one text.
            context: whether a sentence may be heard together with its neighbours.
            live: whether sentences are being written as they are read: then none is waited for
                that isn't needed for the next mood. The moods are the same.
        """
        ...


def load(name: str = DEFAULT) -> MoodModel:
    """Load a shipped model.

    Raises:
        SonifyError: there's no such model, or its files are missing or damaged.
    """
    if name not in _LOADERS:
        raise SonifyError(f"there's no mood model {name!r}; there are: {', '.join(_LOADERS)}")
    return _LOADERS[name](FOLDER / name)


def languages() -> str:
    """The languages that there are models for, named for a reader."""
    return "Korean"


def _ko(folder: Path) -> MoodModel:
    from sonify.mood.ko import KoModel

    return KoModel.load(folder)


def _ko_paper(folder: Path) -> MoodModel:
    from sonify.mood.paper import PaperModel

    return PaperModel.load(folder)


_LOADERS: dict[str, Callable[[Path], MoodModel]] = {
    "ko": _ko,
    "ko-paper": _ko_paper,
}
