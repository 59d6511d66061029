import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sonify.cli import main

POEM = Path(__file__).parents[2] / "samples" / "geumeum.txt"


def test_a_json_object_a_sentence(capsys):
    assert main(["analyze", str(POEM)]) == 0
    entries = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [entry["index"] for entry in entries] == list(range(len(entries)))
    assert len(entries) >= 25
    for entry in entries:
        assert set(entry) == {
            "chapter", "chapter_title", "index", "text", "valence", "polarity", "intensity",
            "emotions",
        }  # fmt: skip
        assert -1 <= entry["valence"] <= 1
        assert 0 <= entry["intensity"] <= 1
        assert entry["polarity"] in ("positive", "negative", "neutral")
        assert sum(entry["emotions"].values()) == pytest.approx(1, abs=0.01)


def test_the_papers_model_tells_no_emotions(capsys):
    assert main(["analyze", str(POEM), "--mood", "ko-paper"]) == 0
    assert all(json.loads(line)["emotions"] == {} for line in capsys.readouterr().out.splitlines())


def test_a_table_has_a_row_a_sentence(capsys):
    assert main(["analyze", str(POEM), "--format", "table"]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if "│" in line]
    assert any("솨아, 솨아, 작은 바다를 흔들어 깨우기 시작했다" in row for row in rows)
    assert any("+0." in row for row in rows) and any("-0." in row for row in rows)


def test_a_verdict_comes_after_every_line():
    """The paper's figure 4: a sentence typed in, a verdict out, before the next one is typed."""
    command = subprocess.Popen(
        [sys.executable, "-m", "sonify", "analyze", "-", "--no-context"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    assert command.stdin and command.stdout
    for line, polarity in [
        ("친구랑 보고왔는데 꽤 만족했습니다", "positive"),
        ("여친이 돈아깝다고 화냈네요;;", "negative"),
    ]:
        print(line, file=command.stdin, flush=True)
        verdict = json.loads(command.stdout.readline())
        assert (verdict["text"], verdict["polarity"]) == (line, polarity)
    command.stdin.close()
    assert command.wait(30) == 0


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX terminal")
def test_what_is_typed_is_answered_before_the_next_line():
    ours, terminal = os.openpty()
    command = subprocess.Popen(
        [sys.executable, "-m", "sonify", "analyze", "-"],
        stdin=terminal,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(terminal)
    assert command.stdout
    end = threading.Timer(120, command.kill)
    end.start()
    try:
        for line in ("꽤 만족했습니다", "돈이 아깝다고 화냈네요"):
            os.write(ours, f"{line}\n".encode())
            assert json.loads(command.stdout.readline() or "{}").get("text") == line
        os.write(ours, b"\x04")  # Ctrl-D
        assert command.wait() == 0
    finally:
        end.cancel()
        command.kill()
        os.close(ours)


def test_what_comes_through_a_pipe_is_heard_in_context():
    def valences(*options: str) -> list[float]:
        command = [sys.executable, "-m", "sonify", "analyze", "-", *options]
        lines = "그가 웃었다\n문이 닫혔다\n모두 울었다\n".encode()
        done = subprocess.run(command, input=lines, capture_output=True, check=True)
        return [json.loads(line)["valence"] for line in done.stdout.splitlines()]

    assert valences() != valences("--no-context")


def test_a_reader_that_leaves_early_is_no_error():
    command = f"{sys.executable} -m sonify analyze {POEM} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
