"""From music21's corpus to two models that sing, and to Magenta and back.

python -m training.melody data              the corpus as tunes in C (about ten minutes)
python -m training.melody grid major        try sizes and dropout on short trainings
python -m training.melody train major       train; the same again goes on where it stopped
python -m training.melody export major      put the trained model into models/major
python -m training.melody import-magenta attention_rnn.mag FOLDER
python -m training.melody export-magenta models/major CHECKPOINT
"""

import argparse
import logging
import shutil
from collections import Counter
from pathlib import Path

from sonify.errors import SonifyError
from sonify.melody.attention_rnn import CONFIG, WEIGHTS
from training.melody.tunes import WORK

logger = logging.getLogger("training.melody")


def data(arguments: argparse.Namespace) -> None:
    """Read the corpus, once, and make its tunes."""
    from training.melody.corpus import read_scores, write_scores
    from training.melody.tunes import find_families, make_tunes, split, write_tunes

    scores = arguments.work / "scores.jsonl"
    if not scores.exists():
        arguments.work.mkdir(parents=True, exist_ok=True)
        write_scores(scores)
    left_out: Counter[tuple[str, str]] = Counter()
    tunes = split(find_families(list(make_tunes(read_scores(scores), left_out))))
    write_tunes(arguments.work / "tunes.jsonl", tunes)
    for (collection, mode, part), count in sorted(
        Counter((tune.collection, tune.mode, tune.part) for tune in tunes).items()
    ):
        print(f"{collection}, {mode}, {part}: {count}")
    for (collection, reason), count in sorted(left_out.items()):
        print(f"{collection}, left out ({reason}): {count}")


def train(arguments: argparse.Namespace) -> None:
    """Train one mode's model."""
    from training.melody.train import SETTINGS, train_mode

    mode, work = arguments.mode, arguments.work
    train_mode(mode, SETTINGS[mode], work, work / mode, arguments.threads)


def grid(arguments: argparse.Namespace) -> None:
    """Try sizes and dropout on short trainings."""
    from training.melody.grid import try_all

    try_all(arguments.mode, arguments.work, arguments.threads)


def export(arguments: argparse.Namespace) -> None:
    """Copy what runs need of a trained model."""
    folder = Path("models") / arguments.mode
    folder.mkdir(parents=True, exist_ok=True)
    for name in (CONFIG, WEIGHTS):
        shutil.copy(arguments.work / arguments.mode / name, folder / name)


def import_magenta(arguments: argparse.Namespace) -> None:
    """Magenta's checkpoint or bundle to a model folder."""
    from training.melody import magenta

    magenta.import_magenta(arguments.source, arguments.folder)


def export_magenta(arguments: argparse.Namespace) -> None:
    """A model folder to Magenta's checkpoint."""
    from training.melody import magenta

    magenta.export_magenta(arguments.folder, arguments.checkpoint)


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(
        prog="python -m training.melody",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True)

    def command(name: str, run) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=run.__doc__)
        added.set_defaults(run=run)
        added.add_argument("--work", type=Path, default=WORK, help="default: %(default)s")
        return added

    command("data", data)
    for name, run in (("grid", grid), ("train", train), ("export", export)):
        added = command(name, run)
        added.add_argument("mode", choices=("major", "minor"))
        added.add_argument("--threads", type=int, default=1, help="default: %(default)s")
    added = command("import-magenta", import_magenta)
    added.add_argument("source", type=Path, help="a checkpoint, its folder, or a .mag bundle")
    added.add_argument("folder", type=Path, help="the model folder to write")
    added = command("export-magenta", export_magenta)
    added.add_argument("folder", type=Path, help="a model folder")
    added.add_argument("checkpoint", type=Path, help="the checkpoint's prefix, as in model.ckpt")

    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        arguments.run(arguments)
    except SonifyError as error:
        raise SystemExit(f"training.melody: {error}") from error


if __name__ == "__main__":
    main()
