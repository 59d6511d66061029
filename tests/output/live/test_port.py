import mido
import pytest

from sonify.output.live.port import Port, panic


class Tape(mido.ports.BaseOutput):
    """A port that keeps what is sent; and breaks, if it is to."""

    def _open(self, broken: bool = False) -> None:
        self.sent: list[mido.Message] = []
        self.broken = broken

    def _send(self, message: mido.Message) -> None:
        if self.broken:
            raise OSError("gone")
        self.sent.append(message)


def note(kind: str, pitch: int, channel: int = 0) -> mido.Message:
    return mido.Message(kind, note=pitch, channel=channel, velocity=60 if kind == "note_on" else 0)


def test_closing_ends_every_note_then_sustain_and_all_notes_of_the_channels_used():
    tape = Tape()
    port = Port(tape)
    port.send(mido.Message("program_change", channel=7, program=3))
    for pitch, channel in ((60, 0), (64, 0), (60, 3)):
        port.send(note("note_on", pitch, channel))
    port.send(note("note_off", 64))
    del tape.sent[:]
    port.close()
    assert [m for m in tape.sent if m.type == "note_off"] == [
        note("note_off", 60),
        note("note_off", 60, 3),
    ]
    assert [(m.channel, m.control, m.value) for m in tape.sent[2:]] == [
        (channel, control, 0) for channel in (0, 3, 7) for control in (64, 123)
    ]
    assert tape.closed


def test_a_note_ends_once():
    tape = Tape()
    port = Port(tape)
    port.send(note("note_on", 60))
    port.hush()
    port.send(note("note_off", 60))
    port.hush()
    assert [m.type for m in tape.sent] == ["note_on", "note_off"]


def test_a_port_that_has_gone_can_be_closed_all_the_same():
    tape = Tape()
    port = Port(tape)
    port.send(note("note_on", 60))
    tape.broken = True
    with pytest.raises(OSError):
        port.hush()
    port.close()
    assert tape.closed


def test_panic_reaches_every_note_of_every_channel():
    tape = Tape()
    panic(tape)
    assert {(m.channel, m.note) for m in tape.sent if m.type == "note_off"} == {
        (channel, pitch) for channel in range(16) for pitch in range(128)
    }
    controls = {(m.channel, m.control) for m in tape.sent if m.type == "control_change"}
    assert controls == {(channel, control) for channel in range(16) for control in (64, 120, 123)}
