from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from eclip.quality.images import web
from eclip.quality.images.web import NoPhotoError, encoded, get


class Shop(BaseHTTPRequestHandler):
    """A web server with a few bad manners."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        Shop.asked.append(self.path)
        name = self.path.split("?")[0]
        if name in ("/drip", "/drip-head"):
            self.wfile.write(b"HTTP/1.0 200 OK\r\n" + (b"\r\n" if name == "/drip" else b"X: "))
            try:
                for _ in range(100):
                    self.wfile.write(b"x")
                    time.sleep(0.05)
            except OSError:
                return
        elif name == "/short":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"x")
        elif name == "/endless":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x" * 10_000)
            except OSError:
                return
        elif name in ("/moved", "/circle", "/to-file", "/away"):
            self.send_response(302)
            self.send_header("Location", {
                "/moved": "/ok", "/circle": "/circle", "/to-file": "file:///etc/passwd", "/away": "http://localhost:9/x",
            }[name])  # fmt: skip
            self.send_header("Content-Length", str(10**13))
            self.end_headers()
        else:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.path.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def anywhere(url: str) -> bool:
    return True


def reason(url: str, inner: Callable[[str], bool] = anywhere, seconds: float = 5, limit: int = 10**6) -> NoPhotoError:
    with pytest.raises(NoPhotoError) as error:
        get(url, limit, seconds, inner)
    return error.value


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/a photo.jpg", "/a%20photo.jpg"),
        ("/상품 1.jpg", "/%EC%83%81%ED%92%88%201.jpg"),
        ("/a%20b%2Fc.jpg", "/a%20b%2Fc.jpg"),
        ("/100%.jpg", "/100%25.jpg"),
        ("/a.jpg?w=10&n=ü ü#part", "/a.jpg?w=10&n=%C3%BC%20%C3%BC"),
        ("/'a'(1)+~.jpg", "/'a'(1)+~.jpg"),
    ],
)
def test_urls_as_people_write_them(shop: str, path: str, sent: str) -> None:
    get(shop + path, 1000, 5, anywhere)
    assert Shop.asked[-1] == sent


def test_hosts_in_any_script_are_asked_by_their_ascii_name() -> None:
    assert encoded(" HTTP://Bücher.example/a\n") == "http://xn--bcher-kva.example/a"
    assert encoded("http://user:secret@shop.example:8080/a") == "http://shop.example:8080/a"
    assert encoded("http://[::1]:80/a") == "http://[::1]:80/a"


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "http:///a",
        "http://[x",
        "http://a:b/",
        "ftp://shop.example/a",
        "shop.example/a",
        "http://" + "x" * 70,
        "http://a..b/",
    ],
)
def test_what_is_no_url_is_said_and_not_asked_for_again(url: str) -> None:
    found = reason(url)
    assert "not a URL" in str(found)
    assert not found.again


@pytest.mark.parametrize("path", ["/drip", "/drip-head"])
def test_the_whole_answer_must_come_in_time(shop: str, path: str) -> None:
    started = time.monotonic()
    found = reason(shop + path, seconds=0.4)
    assert time.monotonic() - started < 2
    assert "within 0.4 s" in str(found)
    assert found.again


def test_an_answer_without_end_is_cut_off(shop: str) -> None:
    assert "more than image.max_mb 1 MB" in str(reason(f"{shop}/endless"))


def test_an_answer_that_breaks_off_is_no_photo(shop: str) -> None:
    found = reason(f"{shop}/short")
    assert "breaks off" in str(found)
    assert found.again


def test_redirects_are_followed_as_far_as_photos_may_lie(shop: str) -> None:
    assert get(f"{shop}/moved", 1000, 5, anywhere) == b"/ok"
    assert "redirects more than" in str(reason(f"{shop}/circle"))
    assert "no http or https address" in str(reason(f"{shop}/to-file"))
    assert "no public address" in str(reason(f"{shop}/away", lambda url: url.startswith(shop)))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "[::ffff:127.0.0.1]", "2130706433",
             "100.64.0.1", "224.0.0.1"]
)  # fmt: skip
def test_addresses_of_an_inner_network_are_refused(host: str) -> None:
    started = time.monotonic()
    found = reason(f"http://{host}/latest/meta-data", lambda url: False)
    assert "no public address" in str(found)
    assert "image.allow" in str(found)
    assert not found.again
    assert time.monotonic() - started < 2


def test_a_name_that_resolves_anew_is_looked_at_again(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The first answer is public, the one that the connection uses is not.
    answers = iter([[(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 80))]])
    real = socket.getaddrinfo
    monkeypatch.setattr(web.socket, "getaddrinfo", lambda *a, **k: next(answers, None) or real(*a, **k))
    before = len(Shop.asked)
    assert "no public address" in str(reason(f"{shop}/x", lambda url: False))
    assert len(Shop.asked) == before


@pytest.mark.skipif(not shutil.which("openssl"), reason="a certificate of one's own needs openssl")
def test_the_limits_hold_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost", "-keyout", tmp_path / "key", "-out", tmp_path / "cert"], check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"https://localhost:{server.server_port}"
    assert "CERTIFICATE_VERIFY_FAILED" in str(reason(f"{url}/x"))
    monkeypatch.setattr(web, "_trust", lambda: ssl.create_default_context(cafile=tmp_path / "cert"))
    assert get(f"{url}/größe", 1000, 5, anywhere) == b"/gr%C3%B6%C3%9Fe"
    assert "within 0.4 s" in str(reason(f"{url}/drip", seconds=0.4))
    assert "within 0.4 s" in str(reason(f"{url}/drip-head", seconds=0.4))
    assert "breaks off" in str(reason(f"{url}/short"))
    assert "no public address" in str(reason(f"{url}/x", lambda url: False))
    server.shutdown()


def test_a_proxy_of_the_machine_is_used(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", shop)
    monkeypatch.delenv("no_proxy", raising=False)
    assert get("http://shop.example/a b", 1000, 5, lambda url: False) == b"http://shop.example/a%20b"
