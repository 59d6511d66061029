"""Our network, checkpoints and bundles against Magenta 2.1.4's own code."""

from pathlib import Path

import numpy as np
import pytest

from sonify.errors import SonifyError
from sonify.melody.attention_rnn import AttentionRNN, Continuation, read_weights
from sonify.melody.events import NO_EVENT, NOTE_OFF
from training.melody.model_folder import write_model

pytest.importorskip("tensorflow", reason="needs the training extra")
with pytest.MonkeyPatch.context() as patch:
    # Magenta builds on Keras 2, which TensorFlow looks for while Magenta is imported.
    patch.setenv("TF_USE_LEGACY_KERAS", "1")
    melody_rnn_model = pytest.importorskip(
        "magenta.models.melody_rnn.melody_rnn_model", reason="needs Magenta (the training extra)"
    )

import tensorflow.compat.v1 as tf
from magenta.models.melody_rnn import melody_rnn_sequence_generator
from magenta.models.shared import sequence_generator_bundle
from note_seq.protobuf import generator_pb2, music_pb2

from training.melody.magenta import export_magenta, import_magenta

MODELS = Path(__file__).parents[3] / "models"


def config(sizes=(128, 128), length=40):
    found = melody_rnn_model.default_configs["attention_rnn"]
    found.hparams.rnn_layer_sizes = list(sizes)
    found.hparams.attn_length = length
    found.hparams.batch_size = 1
    return found


def melody(steps, seed=0):
    rng = np.random.default_rng(seed)
    choice = [NO_EVENT, NO_EVENT, NO_EVENT, NOTE_OFF, 55, 60, 62, 63, 64, 67, 72]
    return [60, *rng.choice(choice, steps - 1).tolist()]


def magentas_logits(checkpoint, events, sizes=(128, 128), length=40):
    """Shape (steps, 40), from Magenta's graph and note-seq's encoding."""
    chosen = config(sizes, length)
    model = melody_rnn_model.MelodyRnnModel(chosen)
    model.initialize_with_checkpoint(str(checkpoint))
    inputs = chosen.encoder_decoder.get_inputs_batch([events], full_length=True)
    graph = model._session.graph
    logits = model._session.run(
        "fully_connected/BiasAdd:0", {graph.get_collection("inputs")[0]: inputs}
    )
    model.close()
    return logits


def our_logits(folder, events):
    continuation, logits = Continuation(AttentionRNN.load(folder)), []
    for event in events:
        continuation.hear(event)
        logits.append(continuation.logits.copy())
    return np.array(logits)


def random_checkpoint(prefix, sizes=(128, 128), length=40):
    """Of Magenta's own making: its initial weights, and biases that aren't 0."""
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(1)
        melody_rnn_model.MelodyRnnModel(config(sizes, length))._build_graph_for_generation()
        session.run(tf.global_variables_initializer())
        for variable in tf.global_variables():
            if "bias" in variable.name:
                variable.load(np.linspace(-0.3, 0.3, variable.shape[0]), session)
        tf.train.Saver().save(session, str(prefix))


@pytest.mark.parametrize("mode", ["major", "minor"])
def test_shipped_models_have_magentas_logits(tmp_path, mode):
    export_magenta(MODELS / mode, tmp_path / "model.ckpt")
    _, sizes, length = read_weights(MODELS / mode)
    events = melody(500)
    theirs = magentas_logits(tmp_path / "model.ckpt", events, sizes, length)
    np.testing.assert_allclose(our_logits(MODELS / mode, events), theirs, atol=1e-4)


@pytest.mark.parametrize(("sizes", "length"), [((128, 128), 40), ((24, 16, 20), 12)])
def test_an_imported_checkpoint_has_magentas_logits(tmp_path, sizes, length):
    random_checkpoint(tmp_path / "train" / "model.ckpt", sizes, length)
    import_magenta(tmp_path / "train", tmp_path / "model")
    events = melody(500, seed=1)
    theirs = magentas_logits(tmp_path / "train" / "model.ckpt", events, sizes, length)
    np.testing.assert_allclose(our_logits(tmp_path / "model", events), theirs, atol=1e-4)
    assert AttentionRNN.load(tmp_path / "model").attention_length == length


def generator(checkpoint=None, bundle=None):
    chosen = config()
    return melody_rnn_sequence_generator.MelodyRnnSequenceGenerator(
        model=melody_rnn_model.MelodyRnnModel(chosen),
        details=chosen.details,
        steps_per_quarter=4,
        checkpoint=checkpoint,
        bundle=bundle,
    )


def test_magentas_generator_continues_from_an_exported_model_and_bundles_it(tmp_path):
    export_magenta(MODELS / "major", tmp_path / "model.ckpt")
    primer = music_pb2.NoteSequence()
    primer.tempos.add(qpm=120)
    for beat, pitch in enumerate((60, 64, 67, 72)):
        primer.notes.add(pitch=pitch, velocity=80, start_time=beat / 2, end_time=(beat + 1) / 2)
    primer.total_time = 2
    options = generator_pb2.GeneratorOptions()
    options.generate_sections.add(start_time=2.125, end_time=8)
    np.random.seed(0)
    with generator(checkpoint=str(tmp_path / "model.ckpt")) as magenta:
        sequence = magenta.generate(primer, options)
        magenta.create_bundle_file(str(tmp_path / "model.mag"), "test")
    assert [note.pitch for note in sequence.notes[:4]] == [60, 64, 67, 72]
    assert len(sequence.notes) > 8
    assert sequence.total_time > 6

    # The bundle, which holds an old checkpoint format, comes back as the same model.
    import_magenta(tmp_path / "model.mag", tmp_path / "model")
    weights, *sizes = read_weights(MODELS / "major")
    again, *same_sizes = read_weights(tmp_path / "model")
    assert sizes == same_sizes
    for name, weight in weights.items():
        np.testing.assert_array_equal(again[name], weight)
    bundle = sequence_generator_bundle.read_bundle_file(str(tmp_path / "model.mag"))
    with generator(bundle=bundle) as magenta:
        assert magenta.generate(primer, options).notes


def test_what_is_no_attention_rnn_is_refused(tmp_path):
    def refused(source, match):
        with pytest.raises(SonifyError, match=match):
            import_magenta(source, tmp_path / "model")
        assert not (tmp_path / "model").exists()

    refused(tmp_path / "none.mag", "can't read")
    refused(tmp_path / "none.ckpt", "isn't a TensorFlow checkpoint")
    (tmp_path / "text.mag").write_text("no bundle")
    refused(tmp_path / "text.mag", "isn't a.*bundle")
    with tf.Graph().as_default(), tf.Session() as session:
        tf.get_variable("rnn/other", initializer=tf.zeros(3))
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, str(tmp_path / "other.ckpt"))
    refused(tmp_path / "other.ckpt", "isn't an attention_rnn")


def test_a_broken_folder_is_not_exported(tmp_path):
    write_model(tmp_path / "model", {}, (8,), 4)
    with pytest.raises(SonifyError, match=r"weights\.npz"):
        export_magenta(tmp_path / "model", tmp_path / "model.ckpt")
