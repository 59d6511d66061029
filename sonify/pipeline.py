"""The whole chain: a text is read, heard, composed and handed to its outputs."""

import hashlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sonify import reading
from sonify.errors import SonifyError
from sonify.melody.attention_rnn import AttentionRNN
from sonify.melody.composer import Composer
from sonify.melody.ensemble import compose_together
from sonify.melody.plan import Plan, Planner, syllables
from sonify.melody.score import Mode, Phrase, Score
from sonify.mood import models as mood_models
from sonify.mood.models import MoodModel
from sonify.mood.mood import Mood
from sonify.output.output import Output
from sonify.reading.book import Book, Sentence
from sonify.settings import Settings, model_folders


@dataclass(frozen=True, slots=True)
class Models:
    """What hears and what sings, loaded once for any number of books."""

    mood: MoodModel
    networks: Mapping[Mode, AttentionRNN]
    names: Mapping[str, str]

    @classmethod
    def load(
        cls,
        mood: str = mood_models.DEFAULT,
        major: Path | None = None,
        minor: Path | None = None,
    ) -> Self:
        """Loads the models.

        Args:
            mood: name of a mood model.
            major: folder of a melody model to sing in major with, instead of the shipped one.
            minor: the same for minor.

        Raises:
            SonifyError: a model isn't there or is broken.
        """
        folders = model_folders(mood, major, minor)
        return cls(
            mood=mood_models.load(mood),
            networks={
                "major": AttentionRNN.load(folders["major"]),
                "minor": AttentionRNN.load(folders["minor"]),
            },
            names={role: folder.name for role, folder in folders.items()},
        )


def hear(book: Book, model: MoodModel, *, context: bool = True) -> Iterator[Mood]:
    """Hears a book's sentences one after the other.

    Args:
        book: its sentences are read as moods are asked for.
        model: hears them.
        context: whether a sentence is heard together with its neighbours.

    Raises:
        SonifyError: the book is in a language that the model doesn't know.
    """
    if book.language != model.language:
        title = f"“{book.title}”" if book.title else "the text"
        raise SonifyError(
            f"{title} seems to be in another language ({book.language}): sonify hears "
            f"{mood_models.languages()} only so far"
        )
    return model.hear(book.sentences, context=context, live=book.live)


def compose(
    source: reading.Source,
    load: Callable[[], Models],
    settings: Settings,
    direct: Callable[[Iterator[Plan]], Iterator[Plan]] = iter,
    processes: int = 1,
) -> Score:
    """Composes a text: reads its beginning at once, and the rest as phrases are asked for.

    Args:
        source: a text file, an EPUB, or a stream.
        load: gives what hears and sings; called when the text has turned out to be one.
        settings: what the user asked for.
        direct: gets the book's plans and says which are composed. A plan is asked for when its
            phrase is, and not before; one that opens a chapter may follow any other.
        processes: in which a long text is composed; with more than one, plans are asked for ahead.

    Raises:
        SonifyError: the text can't be used; the phrases may raise it too.
    """
    pace = settings.pace
    if settings.minutes is not None:
        pace = _total_syllables(source, settings.split) / settings.minutes
    book = reading.read(source, split=settings.split)
    models = load()
    moods = hear(book, models.mood, context=settings.context)
    first = next(moods)
    seed = settings.seed
    if seed is None:
        seed = default_seed(book.title, first.sentence)
    planner = Planner(settings.style, pace, fit=settings.minutes is not None)
    composer = Composer(models.networks, seed, settings.style, settings.accompaniment)
    plans = direct(planner.plan(itertools.chain([first], moods)))
    return Score(
        title=book.title,
        author=book.author,
        language=book.language,
        seed=seed,
        tonic=composer.tonic,
        models=models.names,
        phrases=compose_together(composer, plans, processes),
        verse=book.verse,
    )


def perform(score: Score, outputs: Sequence[Output], *heeds: Callable[[Phrase], None]) -> None:
    """Sends a score's phrases to every output; each is finished, or none is left behind.

    Args:
        score: its phrases are composed as they are sent.
        outputs: where they go.
        heeds: called with each phrase once it is sent.
    """
    with ExitStack() as stack:
        for output in outputs:
            stack.enter_context(output)
        for phrase in score.phrases:
            for output in outputs:
                output.write(phrase)
            for heed in heeds:
                heed(phrase)


def default_seed(title: str, first: Sentence) -> int:
    """The seed that a book has by itself, 0 to 2³² - 1."""
    words = f"{title}\n{first.text}".encode("utf-8", "replace")
    return int.from_bytes(hashlib.sha256(words).digest()[:4], "big")


def _total_syllables(source: reading.Source, split: reading.Split) -> int:
    if not isinstance(source, Path):
        raise SonifyError("--minutes needs a file: standard input can't be read twice")
    return sum(syllables(s.text) for s in reading.read(source, split=split).sentences)
