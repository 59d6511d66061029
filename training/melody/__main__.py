"""`python -m training.melody`: from music21's corpus to two models that sing."""
