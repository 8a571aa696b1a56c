"""What a training leaves on an object store, and what the next one finds there."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from eclip.beam_pipelines.staging import Staging
from eclip.models import eclip
from eclip.models.data import Pairs
from eclip.models.pretrain import pretrain
from eclip.models.transforms import Preprocess
from eclip.schemas.config import PretrainConfig
from eclip.schemas.storage import Storage
from PIL import Image

TINY = PretrainConfig(
    image_size=32, width=32, embed_dim=16, context_length=12, vocabulary=300, steps=9, batch=8, warmup=2,
    checkpoint_every=2,
)  # fmt: skip


@pytest.fixture(params=["memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "s3":
        request.getfixturevalue("bucket")
    return Storage(f"{request.param}://catalogs/{tmp_path.name}/attempt")


def pairs() -> Pairs:
    rows = []
    for number in range(16):
        photo = io.BytesIO()
        Image.fromarray(np.random.default_rng(number).integers(0, 255, (40, 40, 3), np.uint8)).save(photo, "JPEG")
        rows.append({"id": str(number), "group_id": str(number), "product_id": str(number), "title": f"mug no {number}",
                     "category": None, "jpeg": photo.getvalue()})  # fmt: skip
    return Pairs.of([pa.RecordBatch.from_pylist(rows)], Preprocess.of(TINY), len(rows))


def train(place: Storage, stop: int | None = None) -> list[int]:
    """Train in a staging folder, killed in step `stop`; gives the steps done."""
    done = []

    def on_step(step: int, steps: int) -> None:
        done.append(step)
        if step == stop:
            raise SystemExit

    with Staging(place) as staging:
        pretrain(pairs(), None, TINY, staging.folder, on_step, staging.push)
    return done


def test_a_training_that_was_killed_goes_on_from_the_object_store(place: Storage, tmp_path: Path) -> None:
    (place / "_facts.json").write_json({})
    with pytest.raises(SystemExit):
        train(place, stop=7)
    # What a kill leaves is what was pushed before: the block's end pushes nothing after an error.
    assert (place / "checkpoints").children() == ["step-00000004.pt", "step-00000006.pt"]
    assert train(place) == [7, 8, 9]
    assert place.children() == ["_facts.json", "checkpoints", "metrics.jsonl", "model"]
    assert (place / "checkpoints").children() == ["step-00000008.pt", "step-00000009.pt"]
    (place / "model").download(tmp_path / "resumed")
    train(Storage(str(tmp_path / "whole")))
    assert eclip.content_hash(tmp_path / "resumed") == eclip.content_hash(tmp_path / "whole" / "model")
    assert (place / "metrics.jsonl").read_bytes() == (tmp_path / "whole" / "metrics.jsonl").read_bytes()


def test_a_push_brings_what_changed_and_leaves_what_is_not_its_own(place: Storage, monkeypatch) -> None:
    (place / "old").write_bytes(b"old")
    uploaded = []
    upload = Storage.upload
    monkeypatch.setattr(Storage, "upload", lambda self, local: (uploaded.append(self.name), upload(self, local)))
    with Staging(place) as staging:
        (staging.folder / "log").write_text("1")
        (staging.folder / ".tmp-1").write_text("half")
        staging.push()
        (place / "foreign").write_bytes(b"another's")
        (staging.folder / "log").write_text("12")
        (staging.folder / "old").unlink()
        staging.push()
        staging.push()
        (staging.folder / "last").write_text("end")
    assert uploaded == ["log", "log", "last"]
    assert place.children() == ["foreign", "last", "log"]
    assert not staging.folder.exists()


def test_locally_the_folder_is_the_place_itself(tmp_path: Path) -> None:
    with Staging(Storage(str(tmp_path / "attempt"))) as staging:
        staging.push()
    assert staging.folder == tmp_path / "attempt"
    assert staging.folder.is_dir()
