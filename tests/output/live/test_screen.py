from pathlib import Path

from rich.console import Console

from sonify.melody.score import Note, Phrase, Score, Tempo
from sonify.output.live.screen import Lines, Now, Panels, Screen
from sonify.reading.book import Chapter

NOW = Now(
    phrase=Phrase(
        Chapter(0, "장"), (), "major", 0, 0, 480, (Tempo(0, 500_000),), (Note(0, 240, 60, 64),)
    ),
    place=0,
    before="",
    after="",
    rate=1,
    notice="",
)  # fmt: skip


def show(screen: Screen) -> None:
    with screen:
        screen.title(Score("책\udcff", "", "ko", 1, 0, {}, iter(())), "Synth")
        screen.show(NOW)


def test_what_isnt_utf_8_in_a_title_is_shown_as_a_question_mark(tmp_path: Path, capsys):
    with (tmp_path / "panels").open("w", encoding="utf-8") as terminal:
        show(Panels(Console(file=terminal, force_terminal=True)))
    show(Lines())
    for said in ((tmp_path / "panels").read_text(encoding="utf-8"), capsys.readouterr().out):
        assert "책?" in said and "Synth" in said
