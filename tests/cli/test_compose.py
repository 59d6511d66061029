"""`sonify compose`, as a person runs it, on files made here or shipped with the project."""

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import mido
import pytest
import soundfile

from sonify.cli import main

SAMPLES = Path(__file__).parents[2] / "samples"
NOVEL = SAMPLES / "maengnori.epub"
POEM = SAMPLES / "geumeum.txt"


def sonify(*arguments: object) -> int:
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as wrong_usage:
        return int(wrong_usage.code or 0)


def process(*arguments: object, **options) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sonify", *map(str, arguments)],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(SAMPLES.parent)},
        **options,
    )


def long_text(path: Path, sentences: int = 20_000) -> Path:
    path.write_text("".join(f"{n}번째 바람이 창을 흔들었다. " for n in range(sentences)))
    return path


@pytest.fixture(scope="module")
def novel(tmp_path_factory) -> Path:
    """The sample novel's soundtrack with its report and chapters, in a folder."""
    folder = tmp_path_factory.mktemp("novel")
    code = sonify(
        "compose", NOVEL, "-o", folder / "novel.mid", "--report", folder / "novel.json",
        "--split-chapters", folder / "chapters",
    )  # fmt: skip
    assert code == 0
    return folder


def test_audio_besides_the_midi_file(tmp_path: Path):
    assert sonify("compose", POEM, "-o", tmp_path / "a.mid", "--audio", tmp_path / "a.ogg") == 0
    notes = mido.MidiFile(tmp_path / "a.mid", charset="utf-8").length
    assert notes < soundfile.info(tmp_path / "a.ogg").duration < notes + 10  # the last one fades


def test_audio_of_no_known_kind_leaves_nothing(tmp_path: Path, capsys):
    assert sonify("compose", POEM, "-o", tmp_path / "a.mid", "--audio", tmp_path / "a.aiff") == 1
    assert "a.aiff" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_novel_becomes_a_chaptered_soundtrack(novel: Path):
    file = mido.MidiFile(novel / "novel.mid", charset="utf-8")
    report = json.loads((novel / "novel.json").read_text(encoding="utf-8"))
    markers = [message.text for message in file.tracks[0] if message.type == "marker"]
    assert markers == [chapter["title"] for chapter in report["chapters"]]
    assert len(markers) == 6
    lyrics = [message.text for message in file.tracks[1] if message.type == "lyrics"]
    sentences = [s for chapter in report["chapters"] for s in chapter["sentences"]]
    assert lyrics == [sentence["text"] for sentence in sentences]
    assert [sentence["index"] for sentence in sentences] == list(range(len(sentences)))
    assert file.length == pytest.approx(sentences[-1]["end"], abs=6)
    assert {sentence["mode"] for sentence in sentences} == {"major", "minor"}
    assert len(list((novel / "chapters").iterdir())) == 6


def test_the_report_says_what_the_file_plays(novel: Path):
    file = mido.MidiFile(novel / "novel.mid", charset="utf-8")
    report = json.loads((novel / "novel.json").read_text(encoding="utf-8"))
    starts, now = [], 0.0
    for message in file:
        now += message.time
        if message.type == "lyrics":
            starts.append(now)
    sentences = [s for chapter in report["chapters"] for s in chapter["sentences"]]
    assert starts == pytest.approx([sentence["start"] for sentence in sentences], abs=1e-4)


def test_two_processes_write_the_same_bytes(tmp_path: Path):
    for name in ("one.mid", "two.mid"):
        assert process("compose", POEM, "-o", tmp_path / name, "-q").wait(60) == 0
    one, two = ((tmp_path / name).read_bytes() for name in ("one.mid", "two.mid"))
    assert one == two
    assert sonify("compose", POEM, "-o", tmp_path / "three.mid", "-q", "--seed", 5) == 0
    assert (tmp_path / "three.mid").read_bytes() != one


def test_it_fits_into_the_minutes_it_is_given(tmp_path: Path):
    for minutes in (0.5, 3):
        out = tmp_path / f"{minutes}.mid"
        assert sonify("compose", NOVEL, "-o", out, "-q", "--minutes", minutes) == 0
        assert mido.MidiFile(out).length == pytest.approx(60 * minutes, abs=10)


def test_a_summary_is_said_unless_it_is_to_be_quiet(tmp_path: Path, capsys):
    assert sonify("compose", POEM, "-o", tmp_path / "a.mid") == 0
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "1 chapter" in said and "% major" in said
    assert sonify("compose", POEM, "-o", tmp_path / "a.mid", "-q") == 0
    assert capsys.readouterr().err == ""


def test_standard_input(tmp_path: Path, monkeypatch):
    with POEM.open("rb") as poem:
        command = process("compose", "-", "-o", "out.mid", "-q", cwd=tmp_path, stdin=poem)
        assert command.wait(60) == 0
    assert mido.MidiFile(tmp_path / "out.mid").length > 20


@pytest.mark.parametrize("option", ["-o", "--audio", "--report"])
@pytest.mark.parametrize("source", ["poem.html", "-"])
def test_a_text_isnt_replaced_by_what_is_made_of_it(tmp_path: Path, option: str, source: str):
    text = tmp_path / "poem.html"
    text.write_bytes(POEM.read_bytes())
    (tmp_path / "link.html").symlink_to(text)
    with text.open("rb") as stream:
        command = process("compose", source, option, "link.html", cwd=tmp_path, stdin=stream)
        error = command.communicate(timeout=60)[1]
    assert command.returncode == 1
    assert error == "sonify: can't write link.html: it is the text itself; choose another name\n"
    assert text.read_bytes() == POEM.read_bytes()
    assert {f.name for f in tmp_path.iterdir()} == {"poem.html", "link.html"}


def test_one_sentence_of_100_000_characters(tmp_path: Path):
    (tmp_path / "long.txt").write_text("그리고 바람이 불고 " * 10_000, encoding="utf-8")
    assert sonify("compose", tmp_path / "long.txt", "-o", tmp_path / "a.mid", "-q") == 0
    assert mido.MidiFile(tmp_path / "a.mid", charset="utf-8").length > 3600


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b" \n\n \t\n", "blank"),
        (b"1234 -- 5678 ... !!!\n", "letter"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "text"),
        (b"It was the best of times, it was the worst of times.", "Korean"),
    ],
)
def test_a_text_that_cant_be_used_is_said_in_a_line(tmp_path, capsys, content: bytes, said: str):
    (tmp_path / "in.txt").write_bytes(content)
    (tmp_path / "out.mid").write_bytes(b"old")
    assert sonify("compose", tmp_path / "in.txt", "-o", tmp_path / "out.mid") == 1
    error = capsys.readouterr().err
    assert error.startswith("sonify: ") and error.count("\n") == 1 and said in error
    assert (tmp_path / "out.mid").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_style_changes_how_it_sounds(tmp_path: Path):
    (tmp_path / "slow.toml").write_text("tempo = [50, 50]\n")
    midi = tmp_path / "slow.mid"
    assert sonify("compose", POEM, "-o", midi, "--style", tmp_path / "slow.toml") == 0
    tempi = [m.tempo for m in mido.MidiFile(midi, charset="utf-8") if m.type == "set_tempo"]
    assert all(mido.tempo2bpm(tempo) < 60 for tempo in tempi)  # emotions add a tenth at most


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.txt"], "none.txt"),
        (["."], "folder"),
        ([POEM, "-o", "no/out.mid"], "no"),
        ([POEM, "--style", "none.toml"], "none.toml"),
        ([POEM, "--major", "none"], "none"),
        ([POEM, "--mood", "en"], "there are"),
    ],
)
def test_a_place_or_model_that_isnt_there(tmp_path, capsys, monkeypatch, arguments, said: str):
    monkeypatch.chdir(tmp_path)
    assert sonify("compose", *arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("sonify: ") and error.count("\n") == 1 and said in error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [[], [POEM, "--minutes", "0"], [POEM, "--program", "128"], [POEM, "--seed", "-1"]],
)
def test_wrong_usage_leaves_with_2(arguments):
    assert sonify("compose", *arguments) == 2


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 1)])
def test_stopped_in_the_middle_it_leaves_what_was_there(tmp_path: Path, number: int, code: int):
    text = long_text(tmp_path / "long.txt")
    out = tmp_path / "out.mid"
    out.write_bytes(b"old")
    command = process("compose", text, "-o", out, "--split-chapters", tmp_path / "chapters")
    wait_for(lambda: any(f.suffix == ".part" for f in tmp_path.rglob("*")))
    command.send_signal(number)
    error = command.communicate(timeout=10)[1]
    assert command.returncode == code
    assert error.startswith("sonify: stopped") and error.count("\n") == 1
    assert out.read_bytes() == b"old"
    assert not [f for f in tmp_path.rglob("*") if f.suffix == ".part"]


def test_a_full_disk_is_said_and_leaves_what_was_there(tmp_path: Path):
    """A limit on the size of files stands for the disk's end."""
    out = tmp_path / "out.mid"
    out.write_bytes(b"old")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    command = process("compose", NOVEL, "-o", out, preexec_fn=limit)
    error = command.communicate(timeout=60)[1]
    assert command.returncode == 1
    assert "can't write" in error and error.count("\n") == 1
    assert out.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [out]


def wait_for(condition, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        with contextlib.suppress(InterruptedError):
            time.sleep(0.02)
