"""What audio files say of themselves, read back by mutagen."""

from pathlib import Path
from typing import Any

import mutagen
import numpy as np
import pytest
import soundfile
from mutagen.id3 import CTOCFlags

from sonify.output.tags import Tags


def written(path: Path, tags: Tags) -> Any:
    """The tags of a silent file that they have been written to."""
    soundfile.write(path, np.zeros((4800, 2), np.float32), 48_000)
    tags.write(path, path.suffix)
    return mutagen.File(path).tags


def chapters(count: int) -> list[tuple[float, str]]:
    return [(number / 1000, f"제{number + 1}장") for number in range(count)]


def listed(tags: Any, name: str) -> list[str]:
    """The chapters below an entry of the table of contents, in order."""
    if f"CTOC:{name}" not in tags:
        return [name]
    children = tags[f"CTOC:{name}"].child_element_ids
    return [chapter for child in children for chapter in listed(tags, child)]


@pytest.mark.parametrize("suffix", [".ogg", ".flac", ".wav", ".mp3"])
def test_what_isnt_utf_8_in_a_title_becomes_a_question_mark(tmp_path: Path, suffix: str):
    """Python keeps such bytes of a file's name, which a title may come from, as lone surrogates."""
    tags = written(tmp_path / f"a{suffix}", Tags("책\udcff", "글\udcfe", [(0, "장\udcfd")], 1))
    if suffix in (".ogg", ".flac"):
        found = [tags["title"], tags["artist"], tags["chapter001name"]]
    else:
        found = [tags[name].text for name in ("TIT2", "TPE1")]
        found.append(tags["CHAP:chapter1"].sub_frames["TIT2"].text)
    assert found == [["책?"], ["글?"], ["장?"]]


@pytest.mark.parametrize("suffix", [".mp3", ".wav"])
@pytest.mark.parametrize("count", [255, 256, 600])
def test_every_chapter_is_in_the_contents_however_many_there_are(tmp_path, suffix: str, count: int):
    tags = written(tmp_path / f"a{suffix}", Tags("책", "", chapters(count), count / 1000))
    assert listed(tags, "contents") == [f"chapter{n + 1}" for n in range(count)]
    last = tags[f"CHAP:chapter{count}"]
    assert (last.start_time, last.sub_frames["TIT2"].text) == (count - 1, [f"제{count}장"])
    tops = [each for each in tags.getall("CTOC") if each.flags & CTOCFlags.TOP_LEVEL]
    assert [each.element_id for each in tops] == ["contents"]
