"""A port that knows what sounds on it, and can let all of it end."""

import contextlib
from collections.abc import Iterable

import mido


class Port:
    """Sends to an open port and remembers what sounds.

    Args:
        output: where to send; it is closed with this.
        sounding: channel and pitch of the notes that may sound already.
    """

    def __init__(
        self, output: mido.ports.BaseOutput, sounding: Iterable[tuple[int, int]] = ()
    ) -> None:
        self._output = output
        self._sounding = set(sounding)
        self._played = set(sounding)
        self._channels: set[int] = set()

    @property
    def played(self) -> frozenset[tuple[int, int]]:
        """Channel and pitch of all notes that have been sent.

        Where a port has gone some time ago, each of them may be the one whose note-off was lost.
        """
        return frozenset(self._played)

    def send(self, message: mido.Message) -> None:
        """Sends a message; a note-off only where the note sounds."""
        if message.type == "note_on":
            self._sounding.add((message.channel, message.note))
            self._played.add((message.channel, message.note))
        elif message.type == "note_off":
            if (message.channel, message.note) not in self._sounding:
                return
            self._sounding.discard((message.channel, message.note))
        if hasattr(message, "channel"):
            self._channels.add(message.channel)
        self._output.send(message)

    def hush(self) -> None:
        """Ends every note that sounds."""
        for channel, note in sorted(self._sounding):
            self.send(mido.Message("note_off", channel=channel, note=note, velocity=0))

    def close(self) -> None:
        """Ends every note, then the sustain and all notes of each channel used, and the port."""
        with contextlib.suppress(Exception):  # it may have gone, and there's nothing more to do
            self.hush()
            for channel in sorted(self._channels):
                release(self._output, channel)
        with contextlib.suppress(Exception):
            self._output.close()


def release(output: mido.ports.BaseOutput, channel: int) -> None:
    """Sustain off and all notes off on a channel (0-15)."""
    for control in (64, 123):
        output.send(mido.Message("control_change", channel=channel, control=control, value=0))


def panic(output: mido.ports.BaseOutput) -> None:
    """Silences a synthesizer that was left sounding, on every channel and in every way.

    Besides what `release` sends: all sound off, and a note-off for each note, since some
    synthesizers know nothing else.
    """
    for channel in range(16):
        release(output, channel)
        output.send(mido.Message("control_change", channel=channel, control=120, value=0))
        for note in range(128):
            output.send(mido.Message("note_off", channel=channel, note=note, velocity=0))
