"""A relay before a server on the loopback that counts what it hands on to clients."""

from __future__ import annotations

import socket
import threading
from typing import Self


class ByteRelay:
    """Listens on a port of its own; `sent` is what clients got, heads of answers included."""

    def __init__(self, port: int) -> None:
        self._behind = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self.sent = 0

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            server = socket.create_connection(("127.0.0.1", self._behind), timeout=60)
            for source, target, counted in ((client, server, False), (server, client, True)):
                words = (source, target, counted)
                threading.Thread(target=self._hand_on, args=words, daemon=True).start()

    def _hand_on(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        try:
            while piece := source.recv(65536):
                target.sendall(piece)
                if counted:
                    with self._lock:
                        self.sent += len(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:  # the other side went away
            target.close()
