"""A home holds one test cluster at a time, and knows its ports."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from eclip.examples.flink import install
from eclip.examples.flink.cluster import Cluster, remembered


def test_two_clusters_never_share_a_home(tmp_path: Path) -> None:
    one, other = (Cluster(tmp_path, 2, port, 50_000) for port in (8081, 8082))
    other.alone()
    one.alone()  # nothing is running
    assert remembered(tmp_path) == {"task_managers": 2, "port": 8081, "pool_port": 50_000}
    (tmp_path / "pids").mkdir()
    (tmp_path / "pids" / "jobmanager").write_text(str(os.getpid()))
    one.alone()
    with pytest.raises(install.InstallError, match="has a running cluster, at port 8081: stop it, or name another"):
        other.alone()
    assert remembered(tmp_path)["port"] == 8081


def test_what_is_installed_is_no_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(install, "ROOT", tmp_path)
    with pytest.raises(install.InstallError, match=r"built from a checkout.*pip install --editable '\.\[models\]'"):
        Cluster(tmp_path / "home").install()
    assert not (tmp_path / "home").exists()
