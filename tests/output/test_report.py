import itertools
import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from sonify.melody.score import Score
from sonify.output.report import Report
from tests.strategies import scores


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(score=scores())
def test_it_has_every_sentence_in_its_chapter_and_time(score: Score, tmp_path: Path):
    phrases = []
    with Report(tmp_path / "out.json", score) as report:
        for phrase in score.phrases:
            report.write(phrase)
            phrases.append(phrase)
    given = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert given["title"] == score.title
    assert given["models"] == score.models
    assert [c["title"] for c in given["chapters"]] == [
        chapter.title for chapter in dict.fromkeys(phrase.chapter for phrase in phrases)
    ]
    entries = [entry for chapter in given["chapters"] for entry in chapter["sentences"]]
    moods = [mood for phrase in phrases for mood in phrase.moods]
    assert [entry["text"] for entry in entries] == [mood.sentence.text for mood in moods]
    assert [entry["polarity"] for entry in entries] == [mood.polarity for mood in moods]
    for before, after in itertools.pairwise(entries):
        assert before["start"] <= before["end"] <= after["start"] + 1e-6
    total = phrases[-1].time + phrases[-1].duration
    assert all(entry["end"] <= total + 1e-6 for entry in entries)
    sung = [phrase for phrase in phrases if phrase.moods]
    assert sum(entry["notes"] for entry in entries) == sum(len(p.melody) for p in sung)


def test_it_is_json_when_nothing_was_composed(tmp_path: Path):
    score = Score("", "", "ko", 0, 0, {}, iter(()))
    with Report(tmp_path / "out.json", score):
        pass
    assert json.loads((tmp_path / "out.json").read_text())["chapters"] == []
