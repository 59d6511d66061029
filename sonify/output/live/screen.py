"""What is shown while the music plays: a screen that changes, or a line a sentence."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from sonify.melody.score import Phrase, Score
from sonify.mood.mood import Mood
from sonify.output.output import encodable

_COLOURS = {"major": "yellow", "minor": "blue"}
_KEYS = "space pause  ← → sentence  PgUp PgDn chapter  + − tempo  m mode  q quit"


@dataclass(frozen=True, slots=True)
class Now:
    """What is to be seen.

    Attributes:
        phrase: the one that sounds.
        place: seconds since it began, at its own tempo.
        before: the sentence before the phrase; empty at the beginning.
        after: the sentence after the phrase; empty where it isn't known.
        rate: how many times faster than written it is played.
        notice: what the person should know: that it is paused, what a key has done.
    """

    phrase: Phrase
    place: float
    before: str
    after: str
    rate: float
    notice: str

    @property
    def mood(self) -> Mood | None:
        """The mood that is sung now; None in a cadence."""
        sung = None
        for start, _, mood in self.phrase.sung():
            if sung is None or self.phrase.seconds(start) <= self.place:
                sung = mood
        return sung

    @property
    def neighbours(self) -> tuple[str, str]:
        """The sentences before and after the one that is sung."""
        if (mood := self.mood) is None:
            return self.before, self.after
        moods = self.phrase.moods
        index = next(i for i, other in enumerate(moods) if other is mood)
        return (
            moods[index - 1].sentence.text if index else self.before,
            moods[index + 1].sentence.text if index + 1 < len(moods) else self.after,
        )

    @property
    def bpm(self) -> float:
        """Beats a minute."""
        tempi = [t for t in self.phrase.tempi if self.phrase.seconds(t.start) <= self.place]
        return (tempi or self.phrase.tempi)[-1].bpm * self.rate


class Screen(ABC):
    """Where the player shows what goes on, inside a `with` block."""

    def __enter__(self) -> "Screen":
        return self

    def __exit__(self, *exception: object) -> None:  # noqa: B027 - most leave nothing behind
        """Leaves the terminal as it was."""

    @abstractmethod
    def title(self, score: Score, port: str) -> None:
        """What is about to be played, and where."""

    @abstractmethod
    def show(self, now: Now) -> None:
        """Shows what sounds; called many times a second."""

    @abstractmethod
    def say(self, line: str) -> None:
        """Shows a line that stays."""


class Lines(Screen):
    """A line a sentence on standard output, for pipes and logs."""

    def __init__(self) -> None:
        self._mood: Mood | None = None
        self._chapter = ""

    def title(self, score: Score, port: str) -> None:
        """Prints title and port."""
        self.say(f"{_title(score)} → {port}")

    def show(self, now: Now) -> None:
        """Prints a sentence once, when it begins."""
        mood = now.mood
        if mood is None or mood is self._mood:
            return
        self._mood = mood
        if mood.sentence.chapter.title != self._chapter:
            self._chapter = mood.sentence.chapter.title
            self.say(f"\n{self._chapter}")
        time = clock(now.phrase.time + now.place)
        self.say(f"{time:>7}  {now.phrase.mode}  {mood.valence:+.2f}  {mood.sentence.text}")

    def say(self, line: str) -> None:
        """Prints it."""
        print(encodable(line), flush=True)


class Panels(Screen):
    """A panel on the terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._heading = Text()

    def __enter__(self) -> "Panels":
        self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """Takes the panel away."""
        self._live.stop()

    def title(self, score: Score, port: str) -> None:
        """Keeps title and port for the panel's frame."""
        self._heading = Text.assemble((_title(score), "bold"), ("  → ", "dim"), (port, "dim"))

    def show(self, now: Now) -> None:
        """Draws the panel."""
        phrase, mood = now.phrase, now.mood
        colour = _COLOURS[phrase.mode]
        status = Text.assemble(
            (clock(phrase.time + now.place), "bold"),
            "   ",
            (phrase.mode, f"bold {colour}"),
            f"   ♩ = {now.bpm:.0f}",
            f" (× {now.rate:.2f})" if now.rate != 1 else "",
        )
        if mood is not None:
            status.append("   mood ")
            status.append_text(_valence(mood.valence))
            status.append(f" {mood.valence:+.2f}   intensity ")
            status.append("█" * round(8 * mood.intensity), "magenta")
            status.append("░" * (8 - round(8 * mood.intensity)), "dim")
            feelings = sorted(mood.emotions.items(), key=lambda e: -e[1])[:2]
            status.append("   " + " ".join(f"{name} {share:.0%}" for name, share in feelings))
        before, after = now.neighbours
        body = Group(
            Text(before, style="dim", overflow="ellipsis", no_wrap=True),
            Padding(Text(mood.sentence.text if mood else "𝄐", style=f"bold {colour}"), (1, 0)),
            Text(after, style="dim", overflow="ellipsis", no_wrap=True),
            Text(),
            status,
            Text(now.notice or _KEYS, style="dim"),
        )
        chapter = Text(phrase.chapter.title, style="italic")
        self._live.update(
            Panel(body, title=self._heading, subtitle=chapter, padding=(1, 2)), refresh=True
        )

    def say(self, line: str) -> None:
        """Prints it above the panel."""
        self._console.print(line, highlight=False, markup=False)


def clock(seconds: float) -> str:
    """A duration as people write it: 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _title(score: Score) -> str:
    return encodable(" · ".join(filter(None, (score.title, score.author)))) or "standard input"


def _valence(valence: float) -> Text:
    """A scale of nine places, from dark to bright, with a mark on it."""
    marks = ["─"] * 9
    marks[4] = "┼"
    place = round(4 + 4 * valence)
    return Text.assemble(
        "".join(marks[:place]),
        ("●", "yellow" if valence > 0 else "blue"),
        "".join(marks[place + 1 :]),
    )
