"""How well sonify does what it does: `python -m benchmarks.NAME` prints it, and keeps it."""

import os

# As the command has it, before NumPy is there.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
