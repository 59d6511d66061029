import json
import subprocess
import sys
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


def test_a_reader_that_leaves_early_is_no_error():
    command = f"{sys.executable} -m sonify analyze {POEM} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
