"""What hearing hands on: the mood of a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sonify.reading.book import Sentence

Polarity = Literal["positive", "negative", "neutral"]

EMOTIONS = ("joy", "affection", "hope", "calm", "sadness", "fear", "anger", "surprise")
"""The emotions a model may tell apart, in the order they are shown."""


@dataclass(frozen=True, slots=True)
class Mood:
    """What a sentence feels.

    Attributes:
        sentence: the sentence that was heard.
        valence: -1 (unpleasant) to 1 (pleasant).
        polarity: "neutral" where the model abstains.
        intensity: 0 (flat) to 1 (as strong as it gets).
        emotions: a share for each of `EMOTIONS`, summing to 1; empty where the model tells only
            positive from negative.
    """

    sentence: Sentence
    valence: float
    polarity: Polarity
    intensity: float
    emotions: Mapping[str, float]
