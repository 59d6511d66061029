"""The process that looks, again and again, whether the port is there.

It is one of its own since a MIDI system that hangs holds all of the process that asks it.
"""

import os
import pickle
import sys
import threading
import time

_FIRST = 1.0  # seconds until the first look: the beginning of the music has other needs
_LOOK = 1.0  # seconds between looks


def main() -> None:
    """Reads a destination from standard input, and writes a `Seen` a second until that ends."""
    time.sleep(_FIRST)
    destination = pickle.load(sys.stdin.buffer)

    from sonify.output.live.messages import Seen

    def leave() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=leave, daemon=True).start()
    while True:
        os.write(1, pickle.dumps(Seen(destination.find_again())))
        time.sleep(_LOOK)


if __name__ == "__main__":
    main()
