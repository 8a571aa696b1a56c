from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest
from eclip.beam_pipelines import photos
from eclip.beam_pipelines.photos import Missing, PhotoSource
from eclip.quality.images import reader
from eclip.schemas.config import ImageConfig
from eclip.schemas.storage import Storage


class Shop(BaseHTTPRequestHandler):
    """A web server that is down at first, and does not have everything."""

    asked: ClassVar[dict[str, int]] = {}
    under_way: ClassVar[list[int]] = [0, 0]  # now, at most

    def do_GET(self) -> None:
        Shop.asked[self.path] = Shop.asked.get(self.path, 0) + 1
        if self.path == "/flaky.jpg" and Shop.asked[self.path] < 3:
            self.send_error(503)
        elif self.path.startswith("/many"):
            Shop.under_way[0] += 1
            Shop.under_way[1] = max(Shop.under_way)
            time.sleep(0.02)
            Shop.under_way[0] -= 1
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.path.encode() * 1000)
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
    Shop.under_way[:] = [0, 0]
    monkeypatch.setattr(reader, "time", SimpleNamespace(sleep=lambda _: None))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_photos_by_url_with_retries_and_reasons(shop: str, tmp_path: Path) -> None:
    source = PhotoSource(Storage(str(tmp_path)), ImageConfig(max_mb=1, tries=3), (shop, "http://127.0.0.1:9"))
    wanted = [f"{shop}/{name}.jpg" for name in ("ok", "flaky", "gone", "big")] + ["http://127.0.0.1:9/x.jpg"]
    found = list(source.fetch(wanted))
    assert found[0] == b"x" * 10
    assert found[1] == b"x" * 10
    assert Shop.asked["/flaky.jpg"] == 3
    reasons = [f.reason for f in found[2:] if isinstance(f, Missing)]
    assert "404" in reasons[0]
    assert Shop.asked["/gone.jpg"] == 1  # asking again would not help
    assert "max_mb" in reasons[1]
    assert "does not answer" in reasons[2]


def test_one_reference_that_cannot_be_read_spoils_no_other(shop: str, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"abc")
    source = PhotoSource(Storage(str(tmp_path)), ImageConfig(tries=1), (shop, "gs://bucket", "abfs://x/y"))
    odd = [f"{shop}/no photo.jpg", "http://", "http://[x", "http://a:b/c", "gs://bucket/a.jpg", "abfs://x/y/z", "nope://x",
           "a\0b", "http://" + "x" * 300 + ".example/a", "x" * 5000]  # fmt: skip
    found = list(source.fetch(["a.jpg", *odd, "a.jpg"]))
    assert found[0] == found[-1] == b"abc"
    assert all(isinstance(f, Missing) and f.reason for f in found[1:-1])


def test_photos_by_path(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/a.jpg").write_bytes(b"abc")
    (tmp_path / "big.jpg").write_bytes(b"x" * 2_000_000)
    source = PhotoSource(Storage(str(tmp_path)), ImageConfig(max_mb=1))
    found = list(source.fetch(["sub/a.jpg", str(tmp_path / "sub/a.jpg"), "none.jpg", "big.jpg", "sub"]))
    assert found[:2] == [b"abc", b"abc"]
    assert found[2] == Missing("the file is not there")
    assert "2.0 MB" in found[3].reason  # type: ignore[union-attr]
    assert isinstance(found[4], Missing)


def test_no_more_is_fetched_ahead_than_fits(shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = PhotoSource(Storage(str(tmp_path)), ImageConfig(concurrent=4), (shop,))
    wanted = [f"{shop}/many{n:03d}" for n in range(40)]
    photos_of = [f"/many{n:03d}".encode() * 1000 for n in range(40)]
    assert list(source.fetch(wanted)) == photos_of
    assert 1 < Shop.under_way[1] <= 4
    monkeypatch.setattr(photos, "AHEAD_BYTES", 20_000)  # two and a half of these
    Shop.asked.clear()
    taken = source.fetch(wanted)
    first = [next(taken)]
    time.sleep(0.3)
    assert len(Shop.asked) <= 8  # not forty: nobody takes them
    assert first + list(taken) == photos_of


def test_a_source_travels_to_a_worker(shop: str, tmp_path: Path) -> None:
    source = PhotoSource(Storage(str(tmp_path)), ImageConfig(), (shop,))
    assert len(list(source.fetch([f"{shop}/ok.jpg"] * 3))) == 3
    assert list(pickle.loads(pickle.dumps(source)).fetch([f"{shop}/ok.jpg"])) == [b"x" * 10]
