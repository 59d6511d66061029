"""Which file a path asks for, by its suffix."""

from pathlib import Path

from sonify.errors import SonifyError
from sonify.melody.score import Score
from sonify.output.midi_file import MidiFile
from sonify.output.output import FileOutput
from sonify.output.report import Report

SUFFIXES = (".mid", ".json")
"""What can be written, each by a name of its own."""


def output_for(path: Path, score: Score, *, program: int = 0) -> FileOutput:
    """The output that writes what the path's suffix names.

    Args:
        path: where the file goes; its suffix, in either case, is one of `SUFFIXES`.
        score: its phrases are to be given to the output.
        program: General MIDI program, 0 (grand piano) to 127.

    Raises:
        SonifyError: there is no such format.
    """
    match path.suffix.lower():
        case ".mid":
            return MidiFile(path, score, program)
        case ".json":
            return Report(path, score)
    raise SonifyError(f"can't write {path}: name it {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")
