"""What many tests share: one drawn catalog, and one whole run of it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from driver import FEW_STEPS, ROWS, copy_of, eclip
from hypothesis import settings

# A shared machine spins on threads that wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ["ECLIP_PSEUDONYM_KEY"] = "not the key of whoever runs the tests"
os.environ["COLUMNS"] = "200"  # tables as a wide terminal shows them
settings.register_profile("same", derandomize=True)  # what passes here passes everywhere
settings.load_profile("same")
logging.getLogger().addHandler(logging.NullHandler())  # or Beam installs one that talks


LONG = (
    "test_flink_cluster.py", "test_runners.py", "test_resume.py", "test_object_store.py", "test_base_install.py", "test_parity.py",
    "test_filter.py", "test_own_rules.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take minutes, so that two processes end together."""
    items.sort(key=lambda item: item.path.name not in LONG)


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample catalog of 300 listings, drawn once."""
    from eclip.examples.sample import write_sample

    folder = tmp_path_factory.mktemp("catalog")
    write_sample(folder, ROWS, seed=0)
    return folder


@pytest.fixture(scope="session")
def pipelines() -> list[Any]:
    """The transforms of the pipelines that `finished` ran, in order."""
    return []


@pytest.fixture(scope="session")
def finished(catalog: Path, tmp_path_factory: pytest.TempPathFactory, pipelines: list[Any]) -> Path:
    """A whole run of it, in one process; read only."""
    from eclip.beam_pipelines.local import LocalRunner

    run = LocalRunner.run

    def recording(self: LocalRunner, label: str, transform: Any, *rest: Any, **named: Any) -> None:
        pipelines.append((label, transform))
        run(self, label, transform, *rest, **named)

    folder = copy_of(catalog, tmp_path_factory.mktemp("finished"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalRunner, "run", recording)
        done = eclip("run", folder / "catalog.yaml", *FEW_STEPS, "--set", "runner.workers=1")
    assert done.code == 0, done.out + done.err
    return folder


@pytest.fixture
def own(catalog: Path, tmp_path: Path) -> Path:
    """A copy of the catalog to run in."""
    return copy_of(catalog, tmp_path / "own")


@pytest.fixture(scope="session")
def object_store() -> Iterator[dict[str, str]]:
    """A local S3 server; gives the environment that reaches it."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "FSSPEC_S3_ENDPOINT_URL": f"http://{host}:{port}",
    }  # fmt: skip
    server.stop()


@pytest.fixture
def bucket(object_store: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Reach the server's one bucket, `catalogs`; what other tests left there is still there."""
    import s3fs

    for name, value in object_store.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem().makedirs("catalogs", exist_ok=True)
    return object_store
