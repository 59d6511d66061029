"""Monophonic tunes of music21's corpus, as they are written: bars, repeats, endings and keys.

Everything that needs music21 happens here, once; `training.melody.tunes` goes on from the scores.
Repeats are left to us: music21 begins a repeat without an opening sign at the piece's beginning,
where ABC means the last double bar.
"""

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from training.files import whole

logger = logging.getLogger(__name__)

QUARTETS = {
    "haydn": "Haydn quartets",
    "mozart": "Mozart quartets",
    "beethoven": "Beethoven quartets",
}
COLLECTIONS = {
    "essenFolksong": "Essen folksongs",
    "airdsAirs": "Aird's Airs",
    "oneills1850": "O'Neill's Music of Ireland",
    "ryansMammoth": "Ryan's Mammoth Collection",
    "nottingham-dataset": "Nottingham",
    "miscFolk": "American fife and Northumbrian minstrelsy",
    "bach": "Bach chorales",
    "leadSheet": "Songs",
    "johnson_j_r": "Songs",
    "liliuokalani": "Songs",
    "schubert": "Songs",
    "schumann_robert": "Songs",
    "schumann_clara": "Songs",
} | QUARTETS
"""Folders of music21's corpus that hold melodies in major or minor, and what they're called here.

Left out: modal and contrapuntal music (Palestrina, trecento, Josquin, Monteverdi), piano music,
and what has no keys (Webern, Schoenberg).
"""


@dataclass(frozen=True)
class Bar:
    """What stands between two bar lines.

    Attributes:
        length: quarter notes that it lasts as written.
        full: quarter notes that its metre asks for.
        notes: (offset in quarter notes, duration in quarter notes, MIDI pitch, whether tied to
            the note before).
        opens: a repeat begins here.
        closes: a repeat ends here; a double bar that only ends a part counts with `ends`.
        ending: 1 for a first ending, 2 for a second, 0 otherwise.
        ends: a part ends here (a double bar, or a repeat).
    """

    length: float
    full: float
    notes: list[tuple[float, float, int, bool]]
    opens: bool
    closes: bool
    ending: int
    ends: bool


@dataclass(frozen=True)
class Score:
    """A tune as it is written.

    Attributes:
        collection: one of `COLLECTIONS`.
        source: the file's name, and the tune's number if it holds several.
        title: as printed.
        tonic: pitch class that the key signature names, None if there is none.
        mode: "major", "minor", "dorian"…; Essen's headers name none and say "major".
        metres: every time signature, "4/4".
        bars: in written order, an upbeat first.
    """

    collection: str
    source: str
    title: str
    tonic: int | None
    mode: str | None
    metres: list[str]
    bars: list[Bar]


def write_scores(path: Path, processes: int = 2) -> None:
    """Read the whole corpus (about ten minutes) and write its scores to `path`, JSON a line."""
    import music21

    root = Path(music21.__file__).parent / "corpus"
    files = [
        file
        for folder in COLLECTIONS
        for file in sorted((root / folder).rglob("*"))
        if file.suffix in {".abc", ".mxl", ".xml", ".krn", ".musicxml"}
    ]
    files.sort(key=lambda file: -file.stat().st_size if file.suffix == ".abc" else 0)
    with whole(path) as out, ProcessPoolExecutor(processes) as pool:
        for scores in pool.map(_read_file, files, [root] * len(files)):
            for score in scores:
                out.write(json.dumps(asdict(score)).encode() + b"\n")


def read_scores(path: Path) -> Iterator[Score]:
    """The scores that `write_scores` wrote."""
    with path.open() as lines:
        for line in lines:
            score = json.loads(line)
            score["bars"] = [Bar(**bar) for bar in score["bars"]]
            yield Score(**score)


def _read_file(file: Path, root: Path) -> list[Score]:
    from music21 import abcFormat, converter

    folder = file.relative_to(root).parts[0]
    found = []
    if file.suffix == ".abc":
        handler = abcFormat.ABCFile().readstr(file.read_text(encoding="utf-8", errors="replace"))
        for number, tune in handler.splitByReferenceNumber().items():
            try:
                part = abcFormat.translate.abcToStreamScore(tune).parts.first()
                found.append(_read_part(part, folder, f"{file.name} {number}", tune.getTitle()))
            except Exception as error:  # music21 raises whatever it meets in a broken tune
                logger.warning("%s %s: %s", file.name, number, error)
    else:
        try:
            score = converter.parse(file)
            part = _melody_part(score, folder)
            if part is not None:
                title = score.metadata.bestTitle if score.metadata else None
                found.append(_read_part(part, folder, file.name, title))
        except Exception as error:
            logger.warning("%s: %s", file.name, error)
    return found


def _melody_part(score, folder: str):
    """The part with the melody: soprano, first violin or voice; None if there's no such part."""
    parts = list(score.parts)
    if folder == "bach":
        wanted: tuple[str, ...] = ("soprano",)
    elif folder in QUARTETS:
        wanted = ("violin i", "violin 1", "violin1")
    else:
        wanted = ("voice", "sing", "melod", "sopran")
    for part in parts:
        if (part.partName or "").lower().startswith(wanted):
            return part
    if folder == "bach" or folder in QUARTETS:
        return parts[0] if len(parts) == 4 else None
    return parts[0] if len(parts) == 1 or folder in {"leadSheet", "liliuokalani"} else None


def _read_part(part, folder: str, source: str, title: str | None) -> Score:
    from music21 import bar, harmony, key, meter, spanner, stream

    endings = {
        id(measure): int(str(bracket.number)[0])
        for bracket in part.recurse().getElementsByClass(spanner.RepeatBracket)
        for measure in bracket.getSpannedElements()
    }
    bars, metres, tonic, mode, full = [], [], None, None, 4.0
    for measure in part.getElementsByClass(stream.Measure):
        for metre in measure.getElementsByClass(meter.TimeSignature):
            metres.append(metre.ratioString)
            full = float(metre.barDuration.quarterLength)
        if tonic is None:
            for signature in measure.getElementsByClass(key.KeySignature):
                heard = signature if isinstance(signature, key.Key) else signature.asKey("major")
                tonic, mode = heard.tonic.pitchClass, heard.mode
        voice = measure.voices.first() if measure.hasVoices() else measure
        notes = [
            (
                float(note.offset),
                float(note.duration.quarterLength),
                max(pitch.midi for pitch in note.pitches),
                note.tie is not None and note.tie.type in {"stop", "continue"},
            )
            for note in voice.notes
            if not isinstance(note, harmony.Harmony) and not note.duration.isGrace and note.pitches
        ]
        left, right = measure.leftBarline, measure.rightBarline
        closes = isinstance(right, bar.Repeat) and right.direction == "end"
        bars.append(
            Bar(
                length=float(voice.highestTime),
                full=full,
                notes=notes,
                opens=isinstance(left, bar.Repeat) and left.direction == "start",
                closes=closes,
                ending=endings.get(id(measure), 0),
                ends=closes or (right is not None and right.type in {"double", "final"}),
            )
        )
    return Score(COLLECTIONS[folder], source, title or source, tonic, mode, metres, bars)
