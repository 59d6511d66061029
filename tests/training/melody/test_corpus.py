import pytest

from training.melody.corpus import _read_file, read_scores, write_scores
from training.melody.tunes import lay_on_grid, unfold

pytest.importorskip("music21", reason="needs the training extra")

ABC = """X:7
T:Two Parts
M:2/4
L:1/8
K:Ador
"Am"A|e2 d>c|{b}A2 z A-|A2 (3efg|1 c2 B:|2 a4|
|:g2 e2|[1 d2 c2:|[2 d4|]

X:8
T:Another
M:4/4
L:1/4
K:G
G A B c|d4|
"""


@pytest.fixture
def scores(tmp_path):
    folder = tmp_path / "miscFolk"
    folder.mkdir()
    (folder / "tunes.abc").write_text(ABC)
    return _read_file(folder / "tunes.abc", tmp_path)


def test_header(scores):
    first, second = scores
    assert first.source == "tunes.abc 7"
    assert first.title == "Two Parts"
    assert (first.tonic, first.mode, first.metres) == (9, "dorian", ["2/4"])
    assert (second.tonic, second.mode, second.metres) == (7, "major", ["4/4"])


def test_bars_repeats_and_endings(scores):
    bars = scores[0].bars
    assert [bar.length for bar in bars[:4]] == [0.5, 2.0, 2.0, 2.0]
    assert all(bar.full == 2.0 for bar in bars)
    assert [bar.ending for bar in bars if bar.ending] == [1, 2, 1, 2]
    assert [bar.notes[0][2] for bar in bars if bar.opens] == [79]
    # Grace notes and chord symbols are no notes; a tie is one note.
    assert [note[2] for note in bars[2].notes] == [69, 69]
    assert bars[3].notes[0][3]


def test_from_abc_to_events(scores):
    events = lay_on_grid(unfold(scores[0].bars))
    pitches = [event for event in events if event >= 0]
    once = [69, 76, 74, 72, 69, 69, 76, 77, 79]
    # F is sharp in A dorian; the second time its own ending, then the other part twice.
    once[7] = 78
    assert pitches == [*once, 72, 71, *once, 81, 79, 76, 74, 72, 79, 76, 74]
    assert events[14] == 69  # the upbeat, an eighth before the bar line


def test_scores_are_kept(tmp_path, scores, monkeypatch):
    from training.melody import corpus

    monkeypatch.setattr(corpus, "COLLECTIONS", {"leadSheet": "Songs"})
    write_scores(tmp_path / "scores.jsonl", processes=1)
    kept = list(read_scores(tmp_path / "scores.jsonl"))
    assert len(kept) == 2
    assert all(bar.full == 4.0 for score in kept for bar in score.bars)
