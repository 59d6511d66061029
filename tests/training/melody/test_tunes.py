from collections import Counter

import pytest

from sonify.melody.events import NO_EVENT, NOTE_OFF
from training.melody.corpus import Bar, Score
from training.melody.keys import Key
from training.melody.tunes import (
    Tune,
    Unusable,
    find_families,
    hear_key,
    lay_on_grid,
    make_tunes,
    pieces,
    read_tunes,
    recast_to_minor,
    split,
    to_c,
    unfold,
    write_tunes,
)

SCALE = [60, 62, 64, 65, 67, 69, 71, 72]


def bar(*pitches, length=4.0, full=4.0, opens=False, closes=False, ending=0, ends=False):
    """A bar of notes of equal length."""
    each = length / max(1, len(pitches))
    notes = [(i * each, each, pitch, False) for i, pitch in enumerate(pitches)]
    return Bar(length, full, notes, opens, closes, ending, ends or closes)


def played(bars):
    return [bar.notes[0][2] for bar in unfold(bars)]


def test_a_repeat_goes_back_to_the_beginning():
    assert played([bar(1), bar(2, closes=True), bar(3)]) == [1, 2, 1, 2, 3]


def test_a_repeat_without_an_opening_sign_goes_back_to_the_last_double_bar():
    assert played([bar(1, closes=True), bar(2), bar(3, closes=True)]) == [1, 1, 2, 3, 2, 3]
    assert played([bar(1, ends=True), bar(2, closes=True)]) == [1, 2, 2]


def test_a_repeat_goes_back_to_its_opening_sign():
    assert played([bar(1), bar(2, opens=True), bar(3, closes=True)]) == [1, 2, 3, 2, 3]


def test_endings():
    bars = [bar(1), bar(2, ending=1, closes=True), bar(3, ending=2), bar(4, closes=True)]
    assert played(bars)[:4] == [1, 2, 1, 3]
    bars = [bar(1), bar(2, ending=1, closes=True), bar(3, ending=2, ends=True), bar(4, closes=True)]
    assert played(bars) == [1, 2, 1, 3, 4, 4]


def test_an_upbeat_ends_at_a_bar_line():
    events = lay_on_grid([bar(67, length=1.0), bar(72, 71, 69, 67)])
    assert len(events) == 32
    assert events[:12] == (NO_EVENT,) * 12
    assert [step for step, event in enumerate(events) if event >= 0] == [12, 16, 20, 24, 28]


def test_a_bar_of_two_beats_is_half_a_bar_of_the_model():
    events = lay_on_grid([bar(60, 62, length=2.0, full=2.0), bar(64, 65, length=2.0, full=2.0)])
    assert [step for step, event in enumerate(events) if event >= 0] == [0, 4, 8, 12]


def test_ties_rests_and_triplets():
    first = Bar(4.0, 4.0, [(0, 1, 60, False), (3, 1, 62, False)], False, False, 0, False)
    third = 1 / 3
    second = Bar(
        4.0,
        4.0,
        [(0, 1, 62, True), (1, third, 64, False), (1 + third, third, 65, False),
         (1 + 2 * third, third, 67, False), (2, 2, 69, False)],
        False, False, 0, False,
    )  # fmt: skip
    events = lay_on_grid([first, second])
    assert events[4] == NOTE_OFF
    assert {step: event for step, event in enumerate(events) if event >= 0} == {
        0: 60, 12: 62, 20: 64, 21: 65, 23: 67, 24: 69,
    }  # fmt: skip
    assert events.count(NOTE_OFF) == 1


def test_the_grid_ends_where_bar_lines_go_astray():
    bars = [bar(60), bar(62), bar(64, length=3.0), bar(65)]
    assert len(lay_on_grid(bars)) == 3 * 16 - 4


def test_what_is_too_fast_is_refused():
    with pytest.raises(Unusable, match="too fast"):
        lay_on_grid([bar(*range(60, 76), *range(60, 76))])


def test_a_long_rest_divides():
    tune = (60, NO_EVENT, NOTE_OFF) + (NO_EVENT,) * 29 + (62,) + (NO_EVENT,) * 15
    assert list(pieces(tune)) == [(60, NO_EVENT), (62,) + (NO_EVENT,) * 15]
    assert list(pieces((*tune[:16], 64, NO_EVENT))) == [(*tune[:16], 64, NO_EVENT)]


def spell(pitches, steps=2):
    return tuple(event for pitch in pitches for event in (pitch, *[NO_EVENT] * (steps - 1)))


def test_keys_are_heard():
    assert hear_key(spell([*SCALE, 67, 64, 60]), 0, "major") == Key(0, "major")
    minor = [57, 59, 60, 62, 64, 65, 64, 62, 60, 56, 57, 60, 57]
    assert hear_key(spell(minor), 9, "minor") == Key(9, "minor")
    assert hear_key(spell(minor), 9, None) == Key(9, "minor")  # as Essen's headers: no mode
    assert hear_key(spell(range(60, 72)), None, None) is None


def test_tunes_are_moved_to_c():
    assert to_c((62, NO_EVENT, 66, NOTE_OFF), 2) == (60, NO_EVENT, 64, NOTE_OFF)
    moved = to_c((43, 47, 50), 7)
    assert [pitch % 12 for pitch in moved] == [0, 4, 7]
    assert all(48 <= pitch < 84 for pitch in moved)
    with pytest.raises(Unusable, match="wider"):
        to_c((40, 80), 4)


def score(bars, metres=("4/4",), collection="Songs"):
    return Score(collection, "file", "title", 0, "major", list(metres), bars)


def test_scores_become_tunes_or_say_why_not():
    bars = [bar(60, 64, 67, 72), bar(71, 67, 65, 62), bar(60, 64, 67, 65), bar(64, 62, 60, 60)]
    left_out = Counter()
    scores = [score(bars), score(bars, ["3/4"]), score(bars[:1]), score([bar(*range(60, 72))] * 4)]
    (tune,) = make_tunes(scores, left_out)
    assert tune.mode == "major"
    assert tune.events[::4][:4] == (60, 64, 67, 72)
    assert {reason for _, reason in left_out} >= {"metre", "short"}
    assert sum(left_out.values()) == 3


def tune(pitches, mode="major", title=""):
    return Tune("Songs", "file", title, mode, mode, spell(pitches))


def test_variants_are_one_family_whatever_their_mode():
    one = [60, 62, 64, 60, 67, 65, 64, 62, 69, 67, 65, 64, 72, 71, 69, 67, 65, 62, 60, 59, 60]
    varied = [*one[:14], 67, 69, 71, 72, 67, 64, 60]
    other = [72, 67, 69, 64, 65, 72, 62, 67, 59, 60, 64, 71, 69, 62, 60, 65, 67, 60, 71, 72, 60]
    tunes = find_families([tune(one), tune(varied), tune(other), recast_to_minor(tune(one))])
    families = [each.family for each in tunes]
    assert families[0] == families[1] == families[3] != families[2]


def test_families_stay_on_one_side_of_the_split(tmp_path):
    tunes = [
        Tune("Songs", "f", "t", mode, mode, (60,), family=number // 2)
        for mode, numbers in (("major", range(400)), ("minor", range(400, 600)))
        for number in numbers
    ]
    tunes = split(tunes)
    for mode in ("major", "minor"):
        parts = Counter(each.part for each in tunes if each.mode == mode)
        assert parts["test"] == pytest.approx(0.05 * parts.total(), abs=2)
        assert parts["validation"] == pytest.approx(0.05 * parts.total(), abs=2)
    assert len({(each.family, each.part) for each in tunes}) == 300
    assert tunes == split(tunes)
    write_tunes(tmp_path / "tunes.jsonl", tunes)
    assert read_tunes(tmp_path / "tunes.jsonl") == tunes


def test_recasting_lowers_third_sixth_and_seventh_but_not_the_leading_note():
    recast = recast_to_minor(tune([60, 64, 69, 71, 67, 71, 72]))
    assert recast.events[::2] == (60, 63, 68, 70, 67, 71, 72)
    assert recast.mode == "minor"
    assert recast.recast_from == "major"
