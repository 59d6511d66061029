import os
import signal
from collections.abc import Iterator

import hypothesis
import pytest

# As the command has it, before NumPy is there: on some processors BLAS rounds a last bit otherwise
# in two threads, and what tests compose in this process is compared with what the command does.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from tests.recorder import Jack, Recorder, jack_is_here

# Under nohup what is started here would ignore it too, as it should, and a test would wait in vain;
# a handler, unlike that, is not handed on.
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)

# How long an example takes says more of what else the machine does; benchmarks/ measures time.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(scope="session")
def jack() -> Iterator[Jack]:
    """A JACK server; what a test starts finds it by the environment."""
    if not jack_is_here():
        pytest.skip("needs jackd (Debian: apt-get install jackd2)")
    with pytest.MonkeyPatch.context() as patch, Jack(f"sonify-test-{os.getpid()}") as server:
        patch.setenv("JACK_DEFAULT_SERVER", server.name)
        yield server


@pytest.fixture(scope="session")
def _recorder(jack: Jack) -> Iterator[Recorder]:
    with Recorder("sonify-recorder") as recorder:
        yield recorder


@pytest.fixture
def recorder(_recorder: Recorder) -> Recorder:
    """A port that has heard nothing yet."""
    _recorder.clear()
    return _recorder
