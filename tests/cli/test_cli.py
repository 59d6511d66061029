import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
POEM = ROOT / "samples" / "geumeum.txt"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")


def shell(command: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Runs a shell command, in which `sonify` is ours."""
    return subprocess.run(
        f'sonify() {{ "{sys.executable}" -m sonify "$@"; }}; {command}',
        shell=True, capture_output=True, text=True, check=False, cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": ""} | environment,
    )  # fmt: skip


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", [f"analyze {POEM}", f"analyze {POEM} --format table", "models"])
def test_a_full_disk_behind_standard_output_is_said(tmp_path: Path, command, unbuffered):
    done = shell(f"sonify {command} > /dev/full", tmp_path, PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 1
    assert done.stderr == "sonify: can't write to standard output: No space left on device\n"


@pytest.mark.parametrize("command", ["analyze -", "arc -", "play - --port tcp://127.0.0.1:1"])
def test_a_closed_standard_input_is_said(tmp_path: Path, command: str):
    done = shell(f"sonify {command} <&-", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("sonify: ") and done.stderr.count("\n") == 1


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_what_is_made_is_made_whatever_is_closed(tmp_path: Path, closed: str):
    done = shell(f"sonify compose {POEM} -o poem.mid {closed}", tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "poem.mid").is_file()
    assert "Traceback" not in done.stderr
