import numpy as np
import pytest

from sonify.melody.events import MAX_PITCH, MIN_PITCH, NO_EVENT, NOTE_OFF, MelodyEncoder
from training.melody.lanes import encode, windows


def random_melody(rng, steps):
    """Rests, repeats of one and two bars ago, held notes: everything that is encoded."""
    events = [60]
    while len(events) < steps:
        kind = rng.random()
        if kind < 0.3 and len(events) >= 16:
            events.append(events[-16])
        elif kind < 0.4 and len(events) >= 32:
            events.append(events[-32])
        elif kind < 0.75:
            events.append(NO_EVENT)
        elif kind < 0.85:
            events.append(NOTE_OFF)
        else:
            events.append(int(rng.integers(MIN_PITCH, MAX_PITCH)))
    return events


def test_encoding_is_note_seqs_event_by_event():
    note_seq = pytest.importorskip("note_seq", reason="needs the training extra")
    theirs = note_seq.KeyMelodyEncoderDecoder(MIN_PITCH, MAX_PITCH)
    rng = np.random.default_rng(0)
    for _ in range(6):
        events = random_melody(rng, 160)
        encoder = MelodyEncoder()
        for step, event in enumerate(events):
            if step:
                assert encoder.class_of(event) == theirs.events_to_label(events, step)
                for label, lookback in ((38, 16), (39, 32)):
                    meant = theirs.class_index_to_event(label, events[:step])
                    assert encoder.repeated(lookback) == meant
            encoder.hear(event)
            assert encoder.input.tolist() == theirs.events_to_input(events, step)


def test_a_tune_encoded_says_what_comes_next():
    events = [60, NO_EVENT, 62, NOTE_OFF] * 5
    encoded = encode(events)
    assert encoded.inputs.shape == (32, 74)
    assert encoded.classes[:3].tolist() == [39, 14, 37]
    assert encoded.classes[15:19].tolist() == [38, 39, 38, 38]
    assert encoded.classes[19:].tolist() == [-1] * 13
    assert encoded.meanings[0].tolist() == [36, 38, 39]  # before the beginning there's no event
    assert encoded.meanings[15].tolist() == [12, 38, -1]


def test_windows_hold_every_tune_once_and_in_order():
    rng = np.random.default_rng(1)
    tunes = [encode(random_melody(rng, int(steps))) for steps in rng.integers(20, 300, 9)]
    found = list(windows(tunes, lanes=3, steps=64))
    inputs, classes, begins = (
        np.concatenate([getattr(window, name) for window in found])
        for name in ("inputs", "classes", "begins")
    )
    assert inputs.shape[1:] == (3, 74)
    assert begins.sum() == len(tunes)
    lanes = [
        (np.flatnonzero(begins[:, lane]) * 16, inputs[:, lane], classes[:, lane])
        for lane in range(3)
    ]
    for tune in tunes:
        length = len(tune.classes)
        assert any(
            (lane[at : at + length] == tune.inputs).all()
            and (expected[at : at + length] == tune.classes).all()
            for starts, lane, expected in lanes
            for at in starts
            if at + length <= len(lane)
        )
    assert (classes >= 0).sum() == sum((tune.classes >= 0).sum() for tune in tunes)
