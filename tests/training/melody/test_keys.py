import numpy as np
import pytest

from sonify.melody.events import NO_EVENT, NOTE_OFF
from training.melody.keys import KEYS, PROFILES, correlations, find_key, pitch_class_durations


def test_durations_count_steps_that_sound():
    durations = pitch_class_durations([60, NO_EVENT, NOTE_OFF, NO_EVENT, 74, NO_EVENT, NO_EVENT])
    assert durations.tolist() == [2, 0, 3, *[0] * 9]


def test_keys_are_music21s():
    discrete = pytest.importorskip("music21.analysis.discrete", reason="needs the training extra")
    from music21 import note, stream

    classes = {
        "krumhansl-schmuckler": discrete.KrumhanslSchmuckler,
        "aarden-essen": discrete.AardenEssen,
    }
    rng = np.random.default_rng(0)
    for name, profile in PROFILES.items():
        finder = classes[name]()
        assert [finder.getWeights("major"), finder.getWeights("minor")] == list(map(list, profile))
        for _ in range(8):
            pitches = rng.integers(48, 84, 12).tolist()
            line = stream.Stream([note.Note(pitch, quarterLength=0.25) for pitch in pitches])
            theirs = finder.getSolution(line)
            ours = find_key(pitch_class_durations(pitches), name)
            assert (ours.tonic, ours.mode) == (theirs.tonic.pitchClass, theirs.mode)


def test_correlation_of_a_profile_with_itself():
    own = correlations(np.array(PROFILES["krumhansl-schmuckler"][0]), "krumhansl-schmuckler")
    assert own[0] == pytest.approx(1)
    assert own.shape == (len(KEYS),)
