"""Which file a path asks for, by its suffix; what writes it is imported when it is asked for."""

from pathlib import Path

from sonify.errors import SonifyError
from sonify.melody.score import Score
from sonify.output.output import FileOutput

SUFFIXES = (".mid", ".json", ".html", ".epub", ".ogg", ".flac", ".wav", ".mp3")
"""What can be written, each by a name of its own."""


def output_for(
    path: Path,
    score: Score,
    *,
    source: Path | None = None,
    program: int = 0,
    soundfont: Path | None = None,
) -> FileOutput:
    """The output that writes what the path's suffix names.

    Args:
        path: where the file goes; its suffix, in either case, is one of `SUFFIXES`.
        score: its phrases are to be given to the output.
        source: the file that the text comes from, for its cover, and for an .epub to be made of
            it; None if it is no file.
        program: General MIDI program, 0 (grand piano) to 127.
        soundfont: what audio is rendered with, instead of the one that is installed.

    Raises:
        SonifyError: there is no such format.
    """
    match path.suffix.lower():
        case ".mid":
            from sonify.output.midi_file import MidiFile

            return MidiFile(path, score, program)
        case ".json":
            from sonify.output.report import Report

            return Report(path, score)
        case ".html":
            from sonify.output.page import Page

            return Page(path, score)
        case ".epub":
            from sonify.output.read_along import ReadAlong

            return ReadAlong(path, score, source=source, program=program, soundfont=soundfont)
        case suffix if suffix in SUFFIXES:
            from sonify.output.audio import Audio
            from sonify.reading.cover import cover_of

            cover = cover_of(source) if source else None
            return Audio(path, score, program=program, soundfont=soundfont, cover=cover)
    raise SonifyError(f"can't write {path}: name it {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")
