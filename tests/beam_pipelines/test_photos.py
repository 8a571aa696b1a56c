from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from eclip.beam_pipelines import photos
from eclip.beam_pipelines.photos import Missing, PhotoSource
from eclip.schemas.config import ImageConfig
from eclip.schemas.storage import Storage


class Shop(BaseHTTPRequestHandler):
    """A web server that is down at first, and does not have everything."""

    asked: ClassVar[dict[str, int]] = {}

    def do_GET(self) -> None:
        Shop.asked[self.path] = Shop.asked.get(self.path, 0) + 1
        if self.path == "/flaky.jpg" and Shop.asked[self.path] < 3:
            self.send_error(503)
        elif self.path in ("/flaky.jpg", "/ok.jpg", "/big.jpg"):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * (2_000_000 if self.path == "/big.jpg" else 10))
        else:
            self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    Shop.asked.clear()
    monkeypatch.setattr(photos.time, "sleep", lambda _: None)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_photos_by_url_with_retries_and_reasons(shop: str, tmp_path: Path) -> None:
    source = PhotoSource(Storage(str(tmp_path)), ImageConfig(max_mb=1, tries=3))
    found = source.fetch(
        [f"{shop}/{name}.jpg" for name in ("ok", "flaky", "gone", "big")] + ["http://127.0.0.1:9/x.jpg"]
    )
    assert found[0] == b"x" * 10
    assert found[1] == b"x" * 10
    assert Shop.asked["/flaky.jpg"] == 3
    reasons = [f.reason for f in found[2:] if isinstance(f, Missing)]
    assert "404" in reasons[0]
    assert Shop.asked["/gone.jpg"] == 1  # asking again would not help
    assert "max_mb" in reasons[1]
    assert "does not answer" in reasons[2]


def test_photos_by_path(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/a.jpg").write_bytes(b"abc")
    (tmp_path / "big.jpg").write_bytes(b"x" * 2_000_000)
    source = PhotoSource(Storage(str(tmp_path)), ImageConfig(max_mb=1))
    found = source.fetch(["sub/a.jpg", str(tmp_path / "sub/a.jpg"), "none.jpg", "big.jpg", "sub"])
    assert found[:2] == [b"abc", b"abc"]
    assert found[2] == Missing("the file is not there")
    assert "2.0 MB" in found[3].reason  # type: ignore[union-attr]
    assert isinstance(found[4], Missing)
