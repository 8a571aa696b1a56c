from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from eclip.schemas.errors import EclipError
from eclip.schemas.storage import Storage


@pytest.fixture(params=["local", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
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


def test_a_local_write_is_whole_or_not_at_all(tmp_path: Path) -> None:
    file = Storage(str(tmp_path / "x"))
    file.write_bytes(b"old")
    with pytest.raises(RuntimeError), file.replacing() as path:
        Path(path).write_bytes(b"half")
        raise RuntimeError
    assert file.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_links_are_replaced_and_folders_are_not(tmp_path: Path) -> None:
    link = Storage(str(tmp_path / "now"))
    link.link_to("first")
    link.link_to("second")
    assert (tmp_path / "now").readlink() == Path("second")
    (tmp_path / "folder").mkdir()
    with pytest.raises(EclipError, match="move it away"):
        Storage(str(tmp_path / "folder")).link_to("x")
