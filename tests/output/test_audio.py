"""Audio, checked by what can be heard in it."""

from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile

from sonify.errors import SonifyError
from sonify.melody.score import Note, Phrase, Score, Tempo
from sonify.output.audio import FORMATS, Audio
from sonify.output.mastering import loudness
from sonify.output.synthesizer import SAMPLE_RATE, Sound
from sonify.reading.book import Chapter
from sonify.reading.cover import Cover

TUNE = (60, 64, 67, 72, 71, 57, 62, 55)
COVER = Cover(b"\x89PNG\r\n\x1a\n" + b"\0" * 20_000, "image/png")


def phrase(
    number: int, notes: list[Note], chapter: int = 0, beat: int = 500_000, origin: int = 0
) -> Phrase:
    """The phrase of the given number, two bars long, of phrases that share a tempo."""
    return Phrase(
        chapter=Chapter(chapter, f"제{chapter + 1}장"),
        moods=(),
        mode="major",
        start=origin + number * 3840,
        time=(origin / 480 + number * 8) * beat / 1e6,
        length=3840,
        tempi=(Tempo(0, beat),),
        melody=tuple(notes),
    )


def tune(velocity: int = 70) -> list[Note]:
    return [Note(480 * n, 440, pitch, velocity) for n, pitch in enumerate(TUNE)]


def render(path: Path, *phrases: Phrase, **options) -> Sound:
    score = Score("책", "글쓴이", "ko", 1, 0, {}, iter(phrases))
    with Audio(path, score, **options) as audio:
        for each in score.phrases:
            audio.write(each)
    sound, rate = soundfile.read(path, dtype="float32")
    assert rate == SAMPLE_RATE and sound.shape[1] == 2
    return sound


def pitch_at(sound: Sound, second: float) -> int:
    """The pitch whose first four harmonics are strongest just after the given second."""
    piece = sound[round(second * SAMPLE_RATE) :][: SAMPLE_RATE // 4].mean(axis=1)
    power = np.abs(np.fft.rfft(piece * np.hanning(len(piece)), 8 * SAMPLE_RATE)) ** 2

    def strength(pitch: int) -> float:
        frequency = 440 * 2 ** ((pitch - 69) / 12)
        bins = [round(frequency * harmonic * 8) for harmonic in (1, 2, 3, 4)]
        return sum(np.log(power[b - 16 : b + 17].max() + 1e-9) for b in bins)

    return max(range(45, 90), key=strength)


def level(sound: Sound, start: float, end: float) -> float:
    """dBFS, RMS."""
    piece = sound[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
    return float(10 * np.log10(np.mean(piece**2) + 1e-12))


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_notes_sound_at_their_pitch_and_place(tmp_path: Path, suffix: str):
    sound = render(tmp_path / f"a{suffix}", phrase(0, tune()), phrase(1, tune(), beat=500_000))
    assert len(sound) / SAMPLE_RATE == pytest.approx(8 + 2.5, abs=0.3)
    for place, pitch in enumerate(TUNE * 2):
        assert pitch_at(sound, 0.5 * place + 0.1) == pitch, place


def test_a_note_begins_on_its_sample(tmp_path: Path):
    """A beat of 0.45 s and a phrase that begins 0.9 s late: the tempo and the place count."""
    notes = [Note(960, 480, 60, 100)]
    sound = render(tmp_path / "a.wav", phrase(0, [], beat=450_000), phrase(1, notes, beat=450_000))
    onset = np.argmax(np.abs(sound).max(axis=1) > 0.02) / SAMPLE_RATE
    assert onset == pytest.approx(8 * 0.45 + 0.9, abs=0.01)


def test_a_book_from_its_middle_begins_at_once(tmp_path: Path):
    sound = render(tmp_path / "a.wav", phrase(0, tune(), origin=48_000))
    assert pitch_at(sound, 0.1) == TUNE[0]


def test_it_is_silent_only_where_nothing_is_written(tmp_path: Path):
    notes = [Note(0, 480, 60, 70), Note(480, 480, 64, 70), Note(2880, 960, 67, 70)]
    sound = render(tmp_path / "a.flac", phrase(0, notes))
    for start in np.arange(0, 1, 0.1):
        assert level(sound, start, start + 0.1) > -45
    assert level(sound, 2.6, 3.0) < -55
    assert level(sound, 3.05, 3.4) > -40


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_loudest_music_doesnt_clip(tmp_path: Path, suffix: str):
    loud = [Note(480 * n, 480, p + d, 127) for n, p in enumerate(TUNE) for d in (-12, 0, 4, 7, 12)]
    sound = render(tmp_path / f"a{suffix}", phrase(0, loud), phrase(1, loud))
    assert 0.6 < np.abs(sound).max() < 1


@pytest.mark.parametrize("program", [0, 48, 73])
def test_instruments_come_out_about_equally_loud(tmp_path: Path, program: int):
    chords = [Note(960 * n, 900, pitch, 40) for n in range(4) for pitch in (45, 57, 60)]
    phrases = [phrase(n, tune(76) + chords) for n in range(4)]
    sound = render(tmp_path / "a.wav", *phrases, program=program)
    assert loudness(sound[: 16 * SAMPLE_RATE]) == pytest.approx(-18, abs=2)


def test_the_same_music_gives_the_same_bytes(tmp_path: Path):
    for name in ("one.flac", "two.flac"):
        render(tmp_path / name, phrase(0, tune()))
    assert (tmp_path / "one.flac").read_bytes() == (tmp_path / "two.flac").read_bytes()


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_tags_name_the_book_its_chapters_and_its_cover(tmp_path: Path, suffix: str):
    path = tmp_path / f"a{suffix}"
    phrases = [phrase(n, tune(), chapter=n // 2) for n in range(4)]
    render(path, *phrases, cover=COVER)
    tags = mutagen.File(path).tags
    if suffix in (".ogg", ".flac"):
        assert (tags["title"], tags["artist"]) == (["책"], ["글쓴이"])
        assert (tags["chapter002"], tags["chapter002name"]) == (["00:00:08.000"], ["제2장"])
    else:
        assert (tags["TIT2"].text, tags["TPE1"].text) == (["책"], ["글쓴이"])
        second = tags["CHAP:chapter2"]
        assert (second.start_time, second.end_time) == (8000, 16_000)
        assert second.sub_frames["TIT2"].text == ["제2장"]
        assert tags["CTOC:contents"].child_element_ids == ["chapter1", "chapter2"]
    match suffix:
        case ".flac":
            assert mutagen.File(path).pictures[0].data == COVER.data
        case ".ogg":
            assert "metadata_block_picture" in tags
        case _:
            assert tags["APIC:"].data == COVER.data


def test_an_hour_doesnt_lie_in_memory(tmp_path: Path):
    """What waits to be encoded stays short, however much has gone by."""
    score = Score("책", "", "ko", 1, 0, {}, iter(()))
    with Audio(tmp_path / "a.wav", score) as audio:
        for number in range(60):
            audio.write(phrase(number, tune()))
            assert len(audio._notes) < 60
            assert len(audio._tail) + len(audio._limiter._waiting) < 4 * SAMPLE_RATE


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file"), (b"", "can't be used"), (b"RIFF....WAVE", "can't be used")],
)
def test_a_soundfont_that_is_none_is_said(tmp_path: Path, content: bytes | None, said: str):
    soundfont = tmp_path / "a.sf2"
    if content is not None:
        soundfont.write_bytes(content)
    with pytest.raises(SonifyError, match=said):
        render(tmp_path / "a.wav", phrase(0, tune()), soundfont=soundfont)
    assert not list(tmp_path.glob(".sonify*")) and not (tmp_path / "a.wav").exists()


def test_a_block_that_fails_leaves_what_was_there(tmp_path: Path):
    (tmp_path / "a.ogg").write_bytes(b"old")
    score = Score("책", "", "ko", 1, 0, {}, iter(()))
    with pytest.raises(KeyboardInterrupt), Audio(tmp_path / "a.ogg", score) as audio:
        audio.write(phrase(0, tune()))
        raise KeyboardInterrupt
    assert (tmp_path / "a.ogg").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1
