import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonify.output.live.transport import Transport


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


steps = st.tuples(
    st.floats(0, 100),  # seconds that pass
    st.sampled_from(["start", "stop", "faster", "slower", "none"]),
)


@given(st.lists(steps, max_size=60))
def test_the_place_goes_on_from_where_it_was_whatever_changes(changes):
    clock = Clock()
    transport = Transport(clock)
    expected = 0.0
    for seconds, change in changes:
        expected += seconds * transport.rate if transport.running else 0
        clock.now += seconds
        match change:
            case "start":
                transport.start()
            case "stop":
                transport.stop()
            case "faster":
                transport.rate = min(4, transport.rate * 1.05)
            case "slower":
                transport.rate = max(0.25, transport.rate / 1.05)
        assert transport.place == pytest.approx(expected, abs=1e-6)


@given(st.floats(0.25, 4), st.floats(0, 36_000), st.floats(0, 100))
def test_time_and_place_tell_the_same(rate: float, place: float, later: float):
    clock = Clock()
    transport = Transport(clock)
    transport.start(place)
    transport.rate = rate
    clock.now = transport.time_of(place + later)
    assert transport.place == pytest.approx(place + later, abs=1e-6)


def test_what_has_been_stopped_takes_no_notice_of_time():
    clock = Clock()
    transport = Transport(clock)
    clock.now += 50
    assert transport.place == 0
    transport.start(7)
    clock.now += 1
    transport.stop()
    clock.now += 3600
    assert transport.place == 8
