import os
import signal
import sys
import threading

import pytest

from sonify.processes import spawn


def do_nothing(pipe, _):
    pipe.recv()


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_ctrl_c_is_heard_while_a_process_is_given_what_it_needs():
    ctrl_c = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
    ctrl_c.start()
    with pytest.raises(KeyboardInterrupt):
        spawn(do_nothing, bytes(100_000_000))
    ctrl_c.join()
