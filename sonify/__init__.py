"""sonify reads a novel or a poem and plays it."""

__version__ = "0.1.0"
