"""What the processes say to each other: pickles, one after the other, on pipes."""

from dataclasses import dataclass

from sonify.output.live.destinations import Destination

# From the player to the sender.


@dataclass(frozen=True, slots=True)
class Setup:
    """What comes first.

    Attributes:
        destination: the port to open.
        greeting: MIDI messages that are sent when it is opened, and opened again.
        clock: whether to send start, stop, continue and song position.
    """

    destination: Destination
    greeting: tuple[bytes, ...]
    clock: bool


@dataclass(frozen=True, slots=True)
class Passage:
    """A phrase, ready to be sent; it follows what was handed over before it without a gap.

    Attributes:
        take: the number of the last `Cut`.
        number: what the player calls it.
        seconds: how long it lasts.
        events: MIDI messages with their time in seconds from its start, in order.
        sixteenths: its place in the book, as MIDI's song position counts.
    """

    take: int
    number: int
    seconds: float
    events: tuple[tuple[float, bytes], ...]
    sixteenths: int


@dataclass(frozen=True, slots=True)
class Cut:
    """Drop what is in hand, at once; what comes next belongs to this `take`."""

    take: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Stand still."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Play `rate` times as fast as written."""

    rate: float


@dataclass(frozen=True, slots=True)
class End:
    """Nothing follows what is in hand of this `take`."""

    take: int


@dataclass(frozen=True, slots=True)
class Lose:
    """The port has gone: stand still and let go of it."""


@dataclass(frozen=True, slots=True)
class Reopen:
    """The port may be back: open it, and go on."""

    destination: Destination


# From the sender to the player.


@dataclass(frozen=True, slots=True)
class Opened:
    """The port is open; it is said again after a `Reopen`."""


@dataclass(frozen=True, slots=True)
class More:
    """What is in hand of this `take` will soon have been played."""

    take: int


@dataclass(frozen=True, slots=True)
class Started:
    """A passage has begun.

    Attributes:
        number: the passage's.
        late: seconds that the music, having come to the end of what was in hand, stood still
            for it.
    """

    number: int
    late: float


@dataclass(frozen=True, slots=True)
class Ended:
    """All has been played."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The port takes nothing any more; `reason` is for the person."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The port can't be opened, or the sender has met an error; `reason` is for the person."""

    reason: str


@dataclass(frozen=True, slots=True)
class Alive:
    """Nothing new."""


# From the watcher to the player.


@dataclass(frozen=True, slots=True)
class Seen:
    """Where the port is now; None where it isn't there."""

    destination: Destination | None
