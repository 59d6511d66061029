"""From phrases to MIDI messages in time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sonify.melody.score import TICKS_PER_BEAT, Note, Phrase

_TICKS_PER_SIXTEENTH = TICKS_PER_BEAT // 4
_TICKS_PER_CLOCK = TICKS_PER_BEAT // 24  # MIDI's clock ticks 24 times a quarter note
_DRUMS = 9  # General MIDI's channel for them

_NOTE_OFF, _NOTE_ON, _PROGRAM_CHANGE, _CLOCK = 0x80, 0x90, 0xC0, 0xF8


@dataclass(frozen=True, slots=True)
class Voicing:
    """How a score is put on a synthesizer.

    Attributes:
        channel: the melody's, 0-15; the accompaniment has the next one (that isn't the drums').
        program: General MIDI program of both, 0-127; None leaves what the synthesizer has.
        transpose: semitones; notes that would leave MIDI's range stay in it, octaves away.
        curve: exponent of the velocity as a share of 127: 1 leaves it, below 1 is louder, above 1
            softer.
        clock: whether to send MIDI clock.
    """

    channel: int = 0
    program: int | None = 0
    transpose: int = 0
    curve: float = 1.0
    clock: bool = False

    def greeting(self) -> tuple[bytes, ...]:
        """What the synthesizer is told before the first note."""
        if self.program is None:
            return ()
        return tuple(bytes([_PROGRAM_CHANGE | c, self.program]) for c in self._channels)

    def events(self, phrase: Phrase) -> tuple[tuple[float, bytes], ...]:
        """A phrase's MIDI messages, with their time in seconds from its start, in order."""
        events: list[tuple[int, int, bytes]] = []
        for notes, channel in zip(
            (phrase.melody, phrase.accompaniment), self._channels, strict=True
        ):
            events += self._sound(notes, channel)
        if self.clock:
            first = -phrase.start % _TICKS_PER_CLOCK
            pulses = range(first, phrase.length, _TICKS_PER_CLOCK)
            events += [(tick, 0, bytes([_CLOCK])) for tick in pulses]
        events.sort(key=lambda event: event[:2])
        return tuple((phrase.seconds(tick), message) for tick, _, message in events)

    @staticmethod
    def sixteenths(phrase: Phrase) -> int:
        """A phrase's place in the book, as MIDI's song position counts."""
        return phrase.start // _TICKS_PER_SIXTEENTH

    @property
    def _channels(self) -> tuple[int, int]:
        following = (self.channel + 1) % 16
        return self.channel, following + (following == _DRUMS)

    def _sound(self, notes: Iterable[Note], channel: int) -> Iterator[tuple[int, int, bytes]]:
        """Notes as (tick, order within the tick, message): what ends goes before what begins."""
        for note in notes:
            pitch = note.pitch + self.transpose
            while pitch > 127:
                pitch -= 12
            while pitch < 0:
                pitch += 12
            velocity = max(1, round(127 * (note.velocity / 127) ** self.curve))
            yield note.start, 2, bytes([_NOTE_ON | channel, pitch, velocity])
            yield note.start + note.duration, 1, bytes([_NOTE_OFF | channel, pitch, 0])
