import struct
import tempfile
from pathlib import Path

import mido
import pytest
from hypothesis import HealthCheck, given, settings

from sonify.errors import SonifyError
from sonify.melody.score import Note, Phrase, Score, Tempo
from sonify.output.midi_file import ChapterFiles, MidiFile
from sonify.reading.book import Chapter
from tests.strategies import scores

anything = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def write(path: Path, score: Score) -> list[Phrase]:
    written = []
    with MidiFile(path, score) as file:
        for phrase in score.phrases:
            file.write(phrase)
            written.append(phrase)
    return written


def notes_of(track: mido.MidiTrack) -> list[tuple[int, int, int, int]]:
    """(start, duration, pitch, velocity), in ticks."""
    tick, sounding, notes = 0, {}, []
    for message in track:
        tick += message.time
        if message.type == "note_on":
            assert message.note not in sounding, "two notes of a pitch overlap"
            sounding[message.note] = tick, message.velocity
        elif message.type == "note_off":
            start, velocity = sounding.pop(message.note)
            notes.append((start, tick - start, message.note, velocity))
    assert not sounding, "a note never ends"
    return sorted(notes)


def texts_of(track: mido.MidiTrack, kind: str) -> list[tuple[int, str]]:
    tick, texts = 0, []
    for message in track:
        tick += message.time
        if message.type == kind:
            texts.append((tick, message.text))
    return texts


@anything
@given(score=scores())
def test_a_file_parses_back_to_the_same_notes_texts_and_times(score: Score, tmp_path: Path):
    phrases = write(tmp_path / "any.mid", score)
    file = mido.MidiFile(tmp_path / "any.mid", charset="utf-8")
    assert file.type == 1

    for track, part in zip(file.tracks[1:], ["melody", "accompaniment"], strict=False):
        assert notes_of(track) == sorted(
            (phrase.start + note.start, note.duration, note.pitch, note.velocity)
            for phrase in phrases
            for note in getattr(phrase, part)
        )
    assert texts_of(file.tracks[1], "lyrics") == [
        (phrase.start + start, mood.sentence.text)
        for phrase in phrases
        for start, _, mood in phrase.sung()
    ]
    assert file.tracks[0][0].name == score.title
    assert file.length == pytest.approx(phrases[-1].time + phrases[-1].duration)


@anything
@given(score=scores())
def test_markers_stand_at_chapters_and_keys_where_the_mode_turns(score: Score, tmp_path: Path):
    phrases = write(tmp_path / "any.mid", score)
    conductor = mido.MidiFile(tmp_path / "any.mid", charset="utf-8").tracks[0]
    chapters = {phrase.chapter: phrase.start for phrase in reversed(phrases)}
    assert texts_of(conductor, "marker") == [
        (start, chapter.title) for chapter, start in reversed(chapters.items())
    ]
    modes = [phrase.mode for phrase in phrases]
    turns = [mode for i, mode in enumerate(modes) if i == 0 or mode != modes[i - 1]]
    keys = [message.key for message in conductor if message.type == "key_signature"]
    assert [key.endswith("m") for key in keys] == [mode == "minor" for mode in turns]


def score_of(*phrases: Phrase) -> Score:
    return Score("책", "", "ko", 1, 2, {}, iter(phrases))


def phrase_at(start: int, chapter: int = 0, title: str = "장", pitch: int = 60) -> Phrase:
    return Phrase(
        chapter=Chapter(chapter, title),
        moods=(),
        mode="major",
        start=start,
        time=start / 960,
        length=480,
        tempi=(Tempo(0, 500_000),),
        melody=(Note(0, 240, pitch, 64),),
    )


def test_a_file_a_chapter_each_from_its_own_beginning(tmp_path: Path):
    phrases = [
        phrase_at(0, 0, "봄/여름"),
        phrase_at(480, 0, "봄/여름"),
        phrase_at(960, 1, "가" * 200),
        phrase_at(1440, 2, "", pitch=72),
    ]
    score = score_of(*phrases)
    with ChapterFiles(tmp_path / "chapters", score) as files:
        for phrase in score.phrases:
            files.write(phrase)
    names = sorted(path.name for path in (tmp_path / "chapters").iterdir())
    assert names[0] == "01 봄 여름.mid"
    assert names[1].startswith("02 가가") and len(names[1].encode()) < 255
    assert names[2] == "03.mid"
    last = mido.MidiFile(tmp_path / "chapters" / names[2]).tracks[1]
    assert notes_of(last) == [(0, 240, 72, 64)]


def test_a_block_that_fails_leaves_what_was_there(tmp_path: Path):
    path = tmp_path / "old.mid"
    path.write_bytes(b"old")
    score = score_of(phrase_at(0))
    with pytest.raises(KeyboardInterrupt), MidiFile(path, score) as file:
        file.write(phrase_at(0))
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_stopped_before_anything_is_open_it_leaves_nothing(tmp_path: Path, monkeypatch):
    def stopped() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tempfile, "TemporaryFile", stopped)
    with pytest.raises(KeyboardInterrupt), MidiFile(tmp_path / "a.mid", score_of()):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["nowhere/out.mid", "."])
def test_a_place_that_cant_be_written_is_said_before_anything_is_composed(tmp_path: Path, name):
    with pytest.raises(SonifyError, match="can't write"), MidiFile(tmp_path / name, score_of()):
        pytest.fail("it was opened")


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path):
    """/dev/full can't be renamed over, so the writing itself is sent there."""
    score = score_of()
    path = tmp_path / "out.mid"
    with (
        pytest.raises(SonifyError, match="No space left"),
        MidiFile(path, score) as file,
        Path("/dev/full").open("wb", buffering=0) as full,
    ):
        file._file.close()
        file._file = full
        file.write(phrase_at(0))
        file.__exit__(None, None, None)
    assert not list(tmp_path.iterdir())


def test_the_header_is_that_of_format_1(tmp_path: Path):
    write(tmp_path / "out.mid", score_of(phrase_at(0)))
    kind, size, form, tracks, division = struct.unpack(
        ">4sIHHH", (tmp_path / "out.mid").read_bytes()[:14]
    )
    assert (kind, size, form, tracks, division) == (b"MThd", 6, 1, 2, 480)
