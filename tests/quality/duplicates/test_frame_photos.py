"""Photos in a frame: from columns and lists, many at a time, and those that cannot be read."""

from __future__ import annotations

import socket
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from eclip.quality.duplicates.find import find_duplicates
from eclip.quality.duplicates.frame import HASHED_AT_ONCE, listings_of
from eclip.quality.images import decode, description, web
from eclip.quality.images.hashes import phash
from PIL import Image


def picture(seed: int, side: int = 96) -> bytes:
    draw = np.random.default_rng(seed).integers(0, 255, (6, 6, 3), np.uint8)
    file = BytesIO()
    Image.fromarray(draw).resize((side, side), Image.Resampling.BICUBIC).save(file, "PNG")
    return file.getvalue()


def test_photos_come_from_several_columns_or_lists_of_them() -> None:
    titles = ["velmo mug", "ardon tea pot", "oak table"]
    photos = pd.DataFrame(
        {"title": titles, "one": [picture(1), None, picture(2)], "two": [None, picture(1, 120), None]}
    )
    lists = pd.DataFrame({"title": titles, "one": [[picture(1)], [b"broken", picture(1, 120)], []]})
    for found in (find_duplicates(photos, image=["one", "two"]), find_duplicates(lists, image="one")):
        assert found.links[["left_id", "right_id", "kind"]].values.tolist() == [[0, 1, "image"]]


def test_photos_that_do_not_decode_make_room_for_those_behind_them() -> None:
    many = [[b"broken"] * 9 + [picture(1), None, picture(2)], [picture(3)] * 8 + [picture(1)], [picture(2, 120)]]
    df = pd.DataFrame({"title": ["velmo mug", "ardon tea pot", "oak table"], "photo": many})
    assert find_duplicates(df, image="photo").links[["left_id", "right_id"]].values.tolist() == [[0, 2]]
    _, photos, _ = listings_of(df, "title", "photo", None, None, ())
    assert list(zip(photos["row"].to_pylist(), photos["position"].to_pylist(), strict=True)) == [
        (0, 0), (0, 1), *((1, k) for k in range(8)), (2, 0)
    ]  # fmt: skip


def test_photos_are_hashed_many_at_once_and_none_is_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    batches = []
    monkeypatch.setattr(decode, "_jpeg", lambda *_: pytest.fail("a JPEG was made"))
    monkeypatch.setattr(description, "phash", lambda gray: batches.append(len(gray)) or phash(gray))
    df = pd.DataFrame({"title": [f"mug {n}" for n in range(30)], "photo": [picture(n) for n in range(30)]})
    _, photos, _ = listings_of(df, "title", "photo", None, None, ())
    assert len(photos) == 30
    assert batches == [30, 30]
    assert photos["phash"].to_pylist() == description.hash_photos(df["photo"])["phash"].tolist()


@pytest.mark.parametrize("dtype", [object, "str", pd.ArrowDtype(pa.string())])
def test_frames_of_more_rows_than_are_hashed_at_once(tmp_path: Path, dtype: Any) -> None:
    (tmp_path / "a.png").write_bytes(picture(1))
    n = HASHED_AT_ONCE * 2 + 3
    df = pd.DataFrame({"title": [f"mug {k}" for k in range(n)]})
    df["photo"] = pd.Series([str(tmp_path / "a.png"), *[None] * (n - 3), *[str(tmp_path / "a.png")] * 2], dtype=dtype)
    _, photos, unread = listings_of(df, "title", "photo", None, None, ())
    assert photos["row"].to_pylist() == [0, n - 2, n - 1]
    assert unread.empty


def test_photos_that_cannot_be_read_are_counted_and_listed(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(picture(1))
    gone = str(tmp_path / "gone.png")
    df = pd.DataFrame({"sku": ["x", "y", "z"], "title": ["velmo mug", "ardon tea pot", "oak table"]})
    df["photo"] = [[gone, str(tmp_path / "a.png")], None, [b"broken"]]
    found = find_duplicates(df, id="sku", image="photo")
    assert found.unread_photos["id"].tolist() == ["x", "z"]
    assert found.unread_photos["photo"].tolist() == [gone, "6 bytes"]
    assert found.summary().iloc[-1].tolist()[:3] == ["unread", "photo", 2]
    assert found.unread_photos["error"][0] == "the file is not there"
    assert f"2 photos could not be read, such as {gone} (the file is not there); see .unread_photos" in repr(found)
    assert "could not be read" not in repr(find_duplicates(df[1:2], id="sku", image="photo"))
    assert find_duplicates(df, id="sku").unread_photos.empty


def test_a_url_in_a_frame_asks_no_inner_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    (tmp_path / "own.png").write_bytes(picture(1))
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(web, "_body", lambda *_: asked.append(1) or picture(1))
        server.settimeout(0.2)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/a.jpg"
        df = pd.DataFrame({"title": ["velmo mug", "ardon pot"], "photo": [url, str(tmp_path / "own.png")]})
        _, photos, _ = listings_of(df, "title", "photo", None, None, ())
        with pytest.raises(TimeoutError):
            server.accept()
    assert photos["row"].to_pylist() == [1]  # a file is the caller's own
    assert not asked


@pytest.mark.parametrize("sellers", [1, 2])
def test_a_chart_beside_similar_titles_of_one_seller_is_no_sign(sellers: int) -> None:
    chart, titles = picture(99), [f"velmo cotton shirt round neck print no {word}" for word in "abcdef"]
    df = pd.DataFrame({"title": titles, "photo": [[picture(k), chart] for k in range(6)]})
    df["shop"] = [f"s{k % sellers}" for k in range(6)]
    found = find_duplicates(df, image="photo", seller="shop", preset="training")
    # What several shops show beside photos of their own is the product's.
    assert (len(found.dropped) > 0) is (sellers > 1)
    assert set(found.links["kind"]) <= {"text"} if sellers == 1 else True
