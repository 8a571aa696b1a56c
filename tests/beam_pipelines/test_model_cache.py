from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from eclip.beam_pipelines.model_cache import fetched
from eclip.schemas.errors import ConfigError
from eclip.schemas.storage import Storage


@pytest.fixture(params=["memory", "s3"])
def model(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
    """A model folder on an object store; copies go below the test's own temporary folder."""
    if request.param == "s3":
        request.getfixturevalue("bucket")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    place = Storage(f"{request.param}://catalogs/{tmp_path.name}/ours")
    (place / "open_clip_config.json").write_bytes(b"{}")
    (place / "weights").write_bytes(b"one")
    return place


def test_a_model_is_copied_once_and_again_when_it_changed(model: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = []
    download = Storage.download
    monkeypatch.setattr(Storage, "download", lambda self, local: (copied.append(self.name), download(self, local)))
    first = fetched(model)
    assert fetched(model) == first
    assert (first.name, copied) == ("ours", ["ours"])
    (model / "weights").write_bytes(b"two")  # as long as before
    second = fetched(model)
    assert (second / "weights").read_bytes() == b"two"
    assert (first / "weights").read_bytes() == b"one"  # whoever reads it is not disturbed
    assert len(copied) == 2


def test_a_model_that_is_replaced_while_it_is_copied_is_copied_again(
    model: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    download = Storage.download

    def slow(self: Storage, local: Path) -> None:
        download(self, local)
        monkeypatch.setattr(Storage, "download", download)
        (model / "weights").write_bytes(b"two")

    monkeypatch.setattr(Storage, "download", slow)
    assert (fetched(model) / "weights").read_bytes() == b"two"


def test_copies_lie_where_nobody_else_can_write(model: Storage, tmp_path: Path) -> None:
    folder = fetched(model).parent.parent
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    with pytest.raises(ConfigError, match=r"this user alone can enter.*drwxrwxrwx.*set TMPDIR"):
        fetched(model)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="lrwxrwxrwx"):
        fetched(model)


def test_a_folder_without_files_is_no_model(model: Storage) -> None:
    with pytest.raises(ConfigError, match="there are no files; expected a model folder"):
        fetched(model / "nothing")


def test_a_local_model_stays_where_it_is(tmp_path: Path) -> None:
    assert fetched(Storage(str(tmp_path))) == tmp_path
    with pytest.raises(ConfigError, match="no model folder"):
        fetched(Storage(str(tmp_path / "nothing")))
