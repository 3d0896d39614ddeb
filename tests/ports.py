"""Ports for the servers that tests start: none that the system or another process of the run gives to somebody else."""

import os
import socket
from itertools import count

_LOWEST, _SPAN = 10_000, 20_000  # below 32768, where the system begins to give ports to whoever asks for any
_next = count(os.getpid() * 101).__next__


def free_port() -> int:
    """A port of this machine on which nobody listens, and that is not told twice."""
    while True:
        port = _LOWEST + _next() % _SPAN
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
