from __future__ import annotations

import os
from pathlib import Path

import fsspec
import pytest
from eclip.quality.images.reader import PhotoReader
from eclip.quality.images.web import NoPhotoError
from eclip.schemas.config import ImageConfig
from eclip.schemas.storage import Storage


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A root with a photo, a neighbour with a secret, and links between them."""
    for name, content in (
        ("root/a.jpg", b"photo"),
        ("root/b c/é.jpg", b"other"),
        ("secret/key", b"secret"),
        ("root-2/a", b"x"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "root/inside.jpg").symlink_to("a.jpg")
    (tmp_path / "root/outside.jpg").symlink_to(tmp_path / "secret/key")
    (tmp_path / "root/secrets").symlink_to(tmp_path / "secret")
    (tmp_path / "root/loop").symlink_to("loop")
    (tmp_path / "linked").symlink_to("root")
    os.mkfifo(tmp_path / "root/pipe")
    return tmp_path


def reason(reader: PhotoReader, reference: str) -> str:
    with pytest.raises(NoPhotoError) as error:
        reader.read(reference)
    return str(error.value)


def test_photos_below_the_root_are_read(folder: Path) -> None:
    reader = PhotoReader(Storage(str(folder / "root")), ImageConfig())
    for reference in (
        "a.jpg",
        "./a.jpg",
        "b c/../a.jpg",
        f"{folder}/root/a.jpg",
        f"file://{folder}/root/a.jpg",
        "inside.jpg",
    ):
        assert reader.read(reference) == b"photo"
    assert reader.read("b c/é.jpg") == b"other"
    assert PhotoReader(Storage(str(folder / "linked")), ImageConfig()).read("a.jpg") == b"photo"
    assert PhotoReader(Storage(f"file://{folder}/root"), ImageConfig()).read("a.jpg") == b"photo"


@pytest.mark.parametrize(
    "reference", ["{}/secret/key", "../secret/key", "b c/../../secret/key", "outside.jpg", "secrets/key", "file://{}/secret/key",
                  "/etc/passwd", "/dev/zero", "../root-2/a", "/proc/self/environ"]
)  # fmt: skip
def test_nothing_else_of_the_machine_is_read(folder: Path, reference: str) -> None:
    reader = PhotoReader(Storage(str(folder / "root")), ImageConfig())
    said = reason(reader, reference.format(folder))
    assert "outside of image.root" in said
    assert "image.allow" in said


def test_a_list_permits_more(folder: Path) -> None:
    reader = PhotoReader(Storage(str(folder / "root")), ImageConfig(), (str(folder / "secret"), "/dev"))
    assert reader.read("outside.jpg") == reader.read("../secret/key") == b"secret"
    assert "no regular file" in reason(reader, "/dev/zero")
    assert "outside" in reason(reader, "../root-2/a")
    assert PhotoReader(Storage("/nowhere"), ImageConfig(), None).read(f"{folder}/secret/key") == b"secret"


def test_only_regular_files_are_read(folder: Path) -> None:
    reader = PhotoReader(Storage(str(folder / "root")), ImageConfig())
    assert "no regular file" in reason(reader, "pipe")
    assert "no regular file" in reason(reader, "b c")
    assert "cannot be read" in reason(reader, "loop") or "not there" in reason(reader, "loop")
    assert "not there" in reason(reader, "none.jpg")
    assert "not there" in reason(reader, "a.jpg/b")
    assert "cannot be read" in reason(reader, "a\0b")


def test_an_object_store_is_read_below_the_root_or_where_permitted() -> None:
    with fsspec.open("memory://photos/a.jpg", "wb") as file:
        file.write(b"photo")
    with fsspec.open("memory://other/big.jpg", "wb") as file:
        file.write(b"x" * 1_000_001)
    reader = PhotoReader(Storage("memory://photos"), ImageConfig(max_mb=1))
    assert reader.read("a.jpg") == reader.read("memory://photos/a.jpg") == b"photo"
    for reference in (
        "memory://other/big.jpg",
        "../other/big.jpg",
        "a.jpg::file:///etc/passwd",
        "s3://bucket/a.jpg",
        "memory://photosx",
    ):
        assert "is read below image.root only" in reason(reader, reference)
    assert "outside of image.root" in reason(reader, "/etc/passwd")
    wider = PhotoReader(Storage("/nowhere"), ImageConfig(max_mb=1), ("memory://other/",))
    assert "more than image.max_mb 1" in reason(wider, "memory://other/big.jpg")
    assert "not there" in reason(wider, "memory://other/none.jpg")


def test_a_permitted_beginning_of_a_url_is_a_whole_part_of_it() -> None:
    reader = PhotoReader(Storage("/nowhere"), ImageConfig(), ("http://photos.internal:8080/public", "s3://"))
    assert reader._permitted("http://photos.internal:8080/public/a.jpg")
    assert reader._permitted("s3://bucket/a.jpg")
    for url in ("http://photos.internal:8080/publicity/a.jpg", "http://photos.internal/public/a.jpg", "https://photos.internal:8080/public/a",
                "http://photos.internal:8080/public/../private/a.jpg", "http://photos.internal:8080/public/%2e%2e/private/a.jpg"):  # fmt: skip
        assert not reader._permitted(url)
