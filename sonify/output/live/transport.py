"""Where the music is at what time."""

from collections.abc import Callable


class Transport:
    """A place in the music, moving with the clock; it can stand still, and be faster or slower.

    Places are seconds of music at its own tempo; times are the clock's. The one is computed from
    the other and from where the last change of tempo was, so nothing adds up: no drift.

    Args:
        clock: the present time, in seconds; monotonic.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._time = clock()  # of the last change
        self._place = 0.0
        self._rate = 1.0
        self.running = False

    @property
    def place(self) -> float:
        """Where the music is now."""
        if not self.running:
            return self._place
        return self._place + (self._clock() - self._time) * self._rate

    @property
    def rate(self) -> float:
        """Seconds of music a second; a change goes on from where the music is."""
        return self._rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self._place, self._time = self.place, self._clock()
        self._rate = rate

    def time_of(self, place: float) -> float:
        """When the music is to be at `place`, while it is running."""
        return self._time + (place - self._place) / self._rate

    def start(self, place: float | None = None, time: float | None = None) -> None:
        """Goes on from `place` (where it is) at `time` (now)."""
        self._place = self.place if place is None else place
        self._time = self._clock() if time is None else time
        self.running = True

    def stop(self) -> None:
        """Stands still where the music is."""
        self._place = self.place
        self.running = False
