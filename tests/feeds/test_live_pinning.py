"""The address that was checked is the one that is connected to; the name stays the name."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from feed_server import FeedServer, Said
from threatcast_feeds.errors import FetchError
from threatcast_feeds.http.fetch import Session
from threatcast_feeds.http.pinning import PinnedClient, Pins
from threatcast_feeds.http.redirects import addresses_of
from threatcast_feeds.http.visitor import Surroundings
from threatcast_feeds.registry import load_feed

NOW = datetime(2026, 8, 22, 2, 0, tzinfo=UTC)
NAME = "feeds.example.org"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


def client(pins: Pins, verify: ssl.SSLContext | None = None) -> PinnedClient:
    return PinnedClient(pins, verify=verify or ssl.create_default_context(), timeout=5)


def test_connection_goes_to_the_address_found_first_and_keeps_the_name(
    feed_server: FeedServer,
) -> None:
    said = iter([["127.0.0.1"], ["192.0.2.1"]])
    pins = Pins(lambda _host: next(said))
    assert pins.resolve(NAME) == ("127.0.0.1",)
    # a second look would find another address
    assert pins.resolve("Feeds.Example.ORG") == ("127.0.0.1",)
    feed_server.answer(f"{feed_server.base}/a", Said(b"x"))
    port = httpx.URL(feed_server.base).port
    with client(pins) as visitor:
        answer = visitor.get(f"http://{NAME}:{port}/a")
    assert answer.content == b"x"
    assert feed_server.asked[-1].headers["Host"] == f"{NAME}:{port}"


def test_each_address_of_a_name_is_tried(feed_server: FeedServer) -> None:
    feed_server.answer(f"{feed_server.base}/a", Said(b"x"))
    pins = Pins(lambda _host: ["::1", "127.0.0.1"])
    pins.resolve(NAME)
    with client(pins) as visitor:
        port = httpx.URL(feed_server.base).port
        assert visitor.get(f"http://{NAME}:{port}/a").content == b"x"


def test_name_that_had_no_address_when_checked_is_not_looked_up_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_: object, **__: object) -> None:
        pytest.fail("a second look at the name")

    pins = Pins(lambda _host: [])
    assert pins.resolve("bücher.example") == ()
    monkeypatch.setattr(socket, "getaddrinfo", never)
    with client(pins) as visitor, pytest.raises(httpx.ConnectError, match="has no address"):
        visitor.get("http://bücher.example/a")


def test_redirect_is_followed_to_the_address_that_was_checked(
    feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that turns to this machine after the check is not followed there."""
    looks: list[str] = []

    def turning(host: str) -> list[str]:
        looks.append(host)
        return ["198.51.100.7"] if len(looks) == 1 else ["127.0.0.1"]

    monkeypatch.setattr("threatcast_feeds.http.redirects._is_public", lambda _: True)
    with Session(
        load_feed("openphish"), now=NOW, around=Surroundings(sleep=lambda _: None, resolve=turning)
    ) as session:
        port = httpx.URL(feed_server.base).port
        start = "http://openphish.com/feed.txt"
        onward = session.onward(start, start, f"http://{NAME}:{port}/secret")
        connected: list[str] = []

        def refuse(self: object, host: str, *_: object) -> None:
            connected.append(host)
            raise httpx.ConnectError(host)

        monkeypatch.setattr("httpcore.SyncBackend.connect_tcp", refuse)
        with pytest.raises(FetchError):
            session.get(onward)
    assert set(connected) == {"198.51.100.7"}
    assert looks == [NAME]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return a certificate of `NAME` that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


@pytest.fixture
def asked_names(certificate: Path) -> Iterator[tuple[int, list[str | None]]]:
    """Serve one page over TLS on the loopback; gives its port and the names it was asked for."""
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)

        def serve() -> None:
            connection, _ = server.accept()
            with context.wrap_socket(connection, server_side=True) as stream:
                stream.recv(65_536)
                stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1], names
        thread.join()


def test_certificate_is_asked_for_and_held_against_the_name(
    asked_names: tuple[int, list[str | None]], certificate: Path
) -> None:
    port, names = asked_names
    pins = Pins(lambda _host: ["127.0.0.1"])
    pins.resolve(NAME)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with client(pins, trusting) as visitor:
        assert visitor.get(f"https://{NAME}:{port}/").content == b"x"
    assert names == [NAME]


def test_name_that_was_never_checked_is_looked_up_as_usual(feed_server: FeedServer) -> None:
    feed_server.answer(f"{feed_server.base}/a", Said(b"x"))
    with client(Pins(addresses_of)) as visitor:
        assert visitor.get(f"{feed_server.base}/a").content == b"x"
