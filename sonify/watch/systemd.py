"""What systemd is told, where it has started us (sd_notify(3))."""

import contextlib
import os
import socket


def notify(*states: str) -> None:
    """Tells systemd of states such as "READY=1" or "STATUS=…"; nobody else is told anything."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address or not hasattr(socket, "AF_UNIX"):
        return
    if address.startswith("@"):  # Linux' abstract names
        address = f"\0{address[1:]}"
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender,
        contextlib.suppress(OSError),  # systemd isn't listening: no reason to stop
    ):
        sender.sendto("\n".join(states).encode(), address)
