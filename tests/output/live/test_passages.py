from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sonify.melody.score import TICKS_PER_BEAT, Phrase
from sonify.output.live.passages import Voicing
from tests.strategies import phrases

voicings = st.builds(
    Voicing,
    channel=st.integers(0, 15),
    program=st.one_of(st.none(), st.integers(0, 127)),
    transpose=st.integers(-48, 48),
    curve=st.floats(0.2, 5),
    clock=st.booleans(),
)


few = settings(max_examples=20, suppress_health_check=list(HealthCheck))


@few
@given(phrases(), voicings)
def test_every_note_begins_and_ends_in_its_phrase(story: list[Phrase], voicing: Voicing):
    for phrase in story:
        events = voicing.events(phrase)
        times = [time for time, _ in events]
        assert times == sorted(times)
        assert all(0 <= time <= phrase.duration + 1e-9 for time in times)
        sounding = set()
        for _, message in events:
            if message[0] == 0xF8:
                continue
            status, pitch, velocity = message
            assert 0 <= pitch <= 127 and 0 <= velocity <= 127
            if status & 0xF0 == 0x90:
                assert velocity > 0
                sounding.add((status & 0x0F, pitch))
            else:
                sounding.discard((status & 0x0F, pitch))
        assert not sounding


@few
@given(phrases())
def test_as_it_is_it_is_what_was_composed(story: list[Phrase]):
    for phrase in story:
        ons = [(t, m) for t, m in Voicing().events(phrase) if m[0] & 0xF0 == 0x90]
        assert sorted((t, m[1], m[2]) for t, m in ons if m[0] & 0x0F == 0) == sorted(
            (phrase.seconds(n.start), n.pitch, n.velocity) for n in phrase.melody
        )
        assert sum(m[0] & 0x0F == 1 for _, m in ons) == len(phrase.accompaniment)


@few
@given(phrases())
def test_the_clock_ticks_24_times_a_beat_over_the_ends_of_phrases(story: list[Phrase]):
    ticks = 0
    for phrase in story:
        pulses = [
            time for time, message in Voicing(clock=True).events(phrase) if message[0] == 0xF8
        ]
        ticks += len(pulses)
        end = phrase.start + phrase.length
        assert ticks == -(-end * 24 // TICKS_PER_BEAT)


def test_the_chords_have_the_next_channel_but_not_the_drums():
    def channels(channel: int) -> list[int]:
        return [message[0] & 0x0F for message in Voicing(channel=channel).greeting()]

    assert channels(0) == [0, 1]
    assert channels(8) == [8, 10]
    assert channels(15) == [15, 0]
    assert Voicing(program=None).greeting() == ()


def test_the_curve_bends_velocities(story=None):
    from sonify.melody.score import Note, Tempo
    from sonify.reading.book import Chapter

    phrase = Phrase(
        Chapter(0, ""), (), "major", 0, 0.0, 1920, (Tempo(0, 500_000),), (Note(0, 480, 60, 64),)
    )

    def velocity(curve: float) -> int:
        return Voicing(curve=curve).events(phrase)[0][1][2]

    assert velocity(1) == 64
    assert velocity(0.5) > 64 > velocity(2)
