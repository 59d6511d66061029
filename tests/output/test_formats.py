from pathlib import Path

import pytest

from sonify.errors import SonifyError
from sonify.melody.score import Score
from sonify.output.formats import SUFFIXES, output_for


def score() -> Score:
    return Score("책", "", "ko", 1, 0, {}, iter(()))


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_a_suffix_names_its_output(tmp_path: Path, suffix: str, case):
    assert output_for(tmp_path / f"out{case(suffix)}", score()).path.suffix == case(suffix)


@pytest.mark.parametrize("name", ["out", "out.doc", ".mid"])
def test_another_name_is_told_what_there_is(tmp_path: Path, name: str):
    with pytest.raises(SonifyError, match=r"name it \.mid"):
        output_for(tmp_path / name, score())
