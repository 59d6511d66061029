"""Which MIDI ports there are, which one is meant, and how it is opened."""

import contextlib
import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mido
import mido.sockets
import rtmidi

from sonify.errors import SonifyError

BACKENDS = {
    "alsa": rtmidi.API_LINUX_ALSA,
    "jack": rtmidi.API_UNIX_JACK,
    "coremidi": rtmidi.API_MACOSX_CORE,
    "winmm": rtmidi.API_WINDOWS_MM,
}
"""The MIDI systems, with RtMidi's number for each."""

NETWORK = "tcp"
"""The backend of a destination on the network."""

_CLIENT = "sonify"  # what other programs see us as
_TIMEOUT = 3.0  # seconds that the network may take


@dataclass(frozen=True, slots=True)
class Destination:
    """Where notes go.

    Attributes:
        backend: one of `BACKENDS`, or `NETWORK`.
        name: the port's; on the network "host:port".
        virtual: whether it is a port of our own, that other programs connect to.
    """

    backend: str
    name: str
    virtual: bool = False

    def __str__(self) -> str:
        return f"{NETWORK}://{self.name}" if self.backend == NETWORK else self.name

    def open(self) -> mido.ports.BaseOutput:
        """Opens it.

        Raises:
            SonifyError: it isn't there, or can't be opened.
        """
        try:
            if self.backend == NETWORK:
                host, _, number = self.name.rpartition(":")
                connection = socket.create_connection((host, int(number)), _TIMEOUT)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return mido.sockets.SocketPort(host, int(number), connection)
            return _Output(self.name, backend=self.backend, virtual=self.virtual)
        except ConnectionRefusedError:
            raise SonifyError(f"nobody listens at {self}") from None
        except UnicodeError:  # of a name that has an empty part, or a very long one
            raise SonifyError(f"can't open {self}: no host has such a name") from None
        except (rtmidi.RtMidiError, OSError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise SonifyError(f"can't open {self}: {reason}") from error

    def find_again(self) -> "Destination | None":
        """The destination as it is now, or None while it isn't there.

        A program that is started again may have another number in its port's name.
        """
        if self.backend == NETWORK:
            return self
        names = _names(self.backend)
        if names is None:
            return None
        if self.virtual or self.name in names:
            return self
        alike = [name for name in names if _without_numbers(name) == _without_numbers(self.name)]
        return Destination(self.backend, alike[0]) if len(alike) == 1 else None


class _Output(mido.ports.BaseOutput):  # type: ignore[misc]
    """A port of RtMidi's. (mido's own gives our program's name to virtual ports only.)"""

    def _open(self, backend: str, virtual: bool) -> None:
        with _quiet():
            self._out = rtmidi.MidiOut(BACKENDS[backend], name=_CLIENT)
            try:
                if virtual:
                    self._out.open_virtual_port(self.name)
                elif self.name in (names := self._out.get_ports()):
                    self._out.open_port(names.index(self.name), name="out")
                else:
                    raise SonifyError(f"the port {self.name} isn't there any more")
            except BaseException:
                self._out.delete()
                raise

    def _send(self, message: mido.Message) -> None:
        self._out.send_message(message.bytes())

    def _close(self) -> None:
        self._out.close_port()
        self._out.delete()


def destinations(backend: str | None = None) -> list[Destination]:
    """The ports that can be played to, in a fixed order.

    Args:
        backend: one of `BACKENDS`; None for all that this computer has.

    Raises:
        SonifyError: there is no MIDI system here, or not this one.
    """
    found = {name: _names(name) for name in ([backend] if backend else BACKENDS)}
    if all(names is None for names in found.values()):
        system = f"no MIDI system {backend}" if backend else "no MIDI system"
        raise SonifyError(
            f"there is {system} running here; start one (as JACK), or send over the network "
            "with --port tcp://HOST:PORT"
        )
    return [Destination(b, name) for b, names in found.items() for name in names or ()]


def find(wanted: str | None, backend: str | None = None, *, virtual: bool = False) -> Destination:
    """The destination that a person means.

    Args:
        wanted: a port's name, a part of it that no other has, or its number (from 1) in
            `destinations`; a `tcp://host:port`; a virtual port's name. None where there's only
            one to choose.
        backend: as in `destinations`.
        virtual: whether to open a port of our own.

    Raises:
        SonifyError: there's no such port, or more than one.
    """
    if virtual:
        return Destination(backend or _first_running(), wanted or _CLIENT, virtual=True)
    if wanted is not None and wanted.startswith(f"{NETWORK}://"):
        address = wanted.removeprefix(f"{NETWORK}://").rstrip("/")
        host, _, number = address.rpartition(":")
        if not host or not number.isdecimal() or not 0 < int(number) < 1 << 16:
            raise SonifyError(f"{wanted} is no address; write {NETWORK}://HOST:PORT")
        return Destination(NETWORK, address)
    there = destinations(backend)
    if not there:
        raise SonifyError(
            "there is no MIDI port to play to; start a synthesizer, or open a port with --virtual"
        )
    if wanted is None:
        matching = there
    elif any(port.name == wanted for port in there):
        matching = [port for port in there if port.name == wanted]
    elif wanted.isdecimal() and 0 < int(wanted) <= len(there):
        matching = [there[int(wanted) - 1]]
    else:
        matching = [port for port in there if wanted.casefold() in port.name.casefold()]
    if len(matching) == 1:
        return matching[0]
    if wanted is None:
        raise SonifyError(f"which port? Choose one with --port: {_listed(there)}")
    if matching:
        raise SonifyError(f"several ports match {wanted!r}: {_listed(matching)}")
    raise SonifyError(f"there is no port {wanted!r}; there are: {_listed(there)}")


def _names(backend: str) -> list[str] | None:
    """The ports of a MIDI system; None where it isn't there.

    Asked through a client made for the purpose: one that outlives its JACK server goes on listing
    what there was.
    """
    try:
        with _quiet():
            out = rtmidi.MidiOut(BACKENDS[backend])
            try:
                if out.get_current_api() != BACKENDS[backend]:  # not compiled in
                    return None
                return list(out.get_ports())
            finally:
                out.delete()
    except rtmidi.RtMidiError:
        return None


def _first_running() -> str:
    for backend in BACKENDS:
        if _names(backend) is not None:
            return backend
    raise SonifyError("there is no MIDI system running here that could have a virtual port")


def _listed(ports: list[Destination]) -> str:
    return ", ".join(f"“{port}”" for port in ports)


def _without_numbers(name: str) -> str:
    return re.sub(r"\d+", "", name)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps what the systems' libraries print off the terminal; errors come as exceptions."""
    before = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
