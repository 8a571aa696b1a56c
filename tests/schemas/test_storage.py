from __future__ import annotations

import pickle
import time
from pathlib import Path

import pytest
from eclip.schemas.errors import EclipError
from eclip.schemas.storage import Storage


@pytest.fixture(params=["local", "memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "s3":
        request.getfixturevalue("bucket")
        return Storage(f"s3://catalogs/{tmp_path.name}")
    return Storage(str(tmp_path) if request.param == "local" else f"memory://{tmp_path.name}")


def test_files_by_any_url(place: Storage) -> None:
    (place / "a" / "b.json").write_json({"x": 1})
    assert (place / "a" / "b.json").read_json() == {"x": 1}
    assert place.children() == ["a"]
    assert (place / "a").children() == ["b.json"]
    assert (place / "nothing").children() == []
    assert pickle.loads(pickle.dumps(place)) == place
    (place / "a").remove()
    assert not (place / "a").exists()


def test_a_write_is_whole_or_not_at_all(place: Storage) -> None:
    file = place / "x"
    with file.replacing() as path, file.fs.open(path, "wb") as handle:
        handle.write(b"old")
    with pytest.raises(RuntimeError), file.replacing() as path, file.fs.open(path, "wb") as handle:
        handle.write(b"half")
        raise RuntimeError
    with pytest.raises(RuntimeError), file.replacing():
        raise RuntimeError  # before anything is written
    assert file.read_bytes() == b"old"
    assert place.children() == ["x"]


def test_a_folder_is_downloaded_into_one_that_is_there(place: Storage, tmp_path: Path) -> None:
    (place / "checkpoints" / "step").write_bytes(b"1")
    (place / "log").write_bytes(b"22")
    local = tmp_path / "copy" / "of it"
    (local / "checkpoints").mkdir(parents=True)
    place.download(local)
    found = {p.relative_to(local).as_posix(): p.read_bytes() for p in local.rglob("*") if p.is_file()}
    assert found == {"checkpoints/step": b"1", "log": b"22"}
    (place / "nothing").download(tmp_path / "empty")
    assert list((tmp_path / "empty").iterdir()) == []


def test_a_stamp_changes_with_any_file(place: Storage) -> None:
    assert place.stamp() is None
    stamps = []
    for name, data in (("a", b"1"), ("a", b"2"), ("b/c", b""), ("b/d", b"")):
        time.sleep(0.01)  # the clock of a local file system ticks every few milliseconds
        (place / name).write_bytes(data)
        stamps.append(place.stamp())
        assert place.stamp() == stamps[-1]
    (place / "b" / "d").remove()
    assert (len(set(stamps)), place.stamp()) == (4, stamps[2])


def test_links_are_replaced_and_folders_are_not(tmp_path: Path) -> None:
    link = Storage(str(tmp_path / "now"))
    link.link_to("first")
    link.link_to("second")
    assert (tmp_path / "now").readlink() == Path("second")
    (tmp_path / "folder").mkdir()
    with pytest.raises(EclipError, match="move it away"):
        Storage(str(tmp_path / "folder")).link_to("x")
