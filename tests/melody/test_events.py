import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonify.melody.events import (
    INPUT_SIZE,
    MAX_PITCH,
    MIN_PITCH,
    NO_EVENT,
    NOTE_OFF,
    NUM_EVENTS,
    MelodyEncoder,
    event_at,
    index_of,
)

EVENTS = st.sampled_from([NO_EVENT, NOTE_OFF, *range(MIN_PITCH, MAX_PITCH)])


def test_every_event_has_its_index():
    assert index_of(NO_EVENT) == 0
    assert index_of(NOTE_OFF) == 1
    assert index_of(48) == 2
    assert [index_of(event_at(index)) for index in range(NUM_EVENTS)] == list(range(NUM_EVENTS))


@pytest.mark.parametrize("event", [-3, 0, 47, 84, 127])
def test_what_is_no_event_is_refused(event):
    with pytest.raises(ValueError, match="not a melody event"):
        index_of(event)
    with pytest.raises(ValueError, match="not a melody event"):
        MelodyEncoder().hear(event)


def test_first_note():
    encoder = MelodyEncoder()
    encoder.hear(60)
    x = encoder.input
    assert x.shape == (74,)
    assert x.dtype == np.float32
    assert np.flatnonzero(x[:42]).tolist() == [12, 36, 38]  # C4, something sounds, an attack
    assert x[42:49].tolist() == [1, -1, -1, -1, -1, -1, -1]  # step 1 comes next
    assert x[49] == 0  # not on a bar line
    c_is_in = [0, 1, 3, 5, 7, 8, 10]
    assert np.flatnonzero(x[50:62]).tolist() == c_is_in
    assert np.flatnonzero(x[62:74]).tolist() == c_is_in


def test_bar_line_and_repeats():
    encoder = MelodyEncoder()
    bar = [60, NO_EVENT, 64, NO_EVENT, 67, NO_EVENT, NOTE_OFF, NO_EVENT] * 2
    for event in bar:
        encoder.hear(event)
    assert encoder.input[49] == 1
    assert encoder.class_of(60) == 38  # as one bar ago
    assert encoder.class_of(62) == 62 - 48
    assert encoder.class_of(NO_EVENT) == 39  # two bars back is before the beginning
    for event in [62, *bar[1:]]:
        encoder.hear(event)
    assert encoder.input[40] == 1
    assert encoder.class_of(60) == 39  # as two bars ago
    assert encoder.class_of(62) == 38
    assert encoder.repeated(16) == 62
    assert encoder.repeated(32) == 60


@given(st.lists(EVENTS, min_size=1, max_size=80))
def test_encoding_depends_on_the_events_alone(events):
    one, other = MelodyEncoder(), MelodyEncoder(out=np.full(INPUT_SIZE, 9, np.float32))
    for event in events:
        one.hear(event)
        other.hear(event)
    assert (one.input == other.input).all()
    assert one.input[:36].sum() == one.input[36] == 1 - one.input[37]
    assert set(one.input.tolist()) <= {-1, 0, 1}
