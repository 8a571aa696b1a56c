import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pandas as pd
import pytest
import torch
from eclip.models.encoder import Encoder, embed, fuse
from eclip.models.transforms import PhotoError
from eclip.quality.images import reader, web
from eclip.quality.images.reader import PhotoReader
from eclip.schemas.config import ImageConfig
from eclip.schemas.errors import EclipError
from eclip.schemas.storage import Storage
from safetensors.torch import save_file

from .conftest import COLOURS, SHAPES, draw

PHOTOS = [draw(s, c, seed, (90 + seed, 70)) for seed, (s, c) in enumerate((s, c) for s in SHAPES for c in COLOURS)]
TITLES = [f"{c} {s} maker{i}" for i, (s, c) in enumerate((s, c) for s in SHAPES for c in COLOURS)]


@pytest.fixture(scope="module")
def encoder(trained):
    return Encoder.load(trained[0] / "model", batch=5)


def test_vectors_have_length_one(encoder):
    images, texts = encoder.images(PHOTOS), encoder.texts(TITLES)
    assert images.shape == texts.shape == (12, encoder.dimension) == (12, 16)
    assert images.dtype == texts.dtype == np.float32
    assert np.linalg.norm(np.concatenate([images, texts]), axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("rows", [[3], [11, 0, 7], [5, 5, 5, 5, 5, 5], list(range(11, -1, -1))])
def test_a_vector_does_not_depend_on_its_neighbours(encoder, rows):
    assert (encoder.images([PHOTOS[i] for i in rows]) == encoder.images(PHOTOS)[rows]).all()
    assert (encoder.texts([TITLES[i] for i in rows]) == encoder.texts(TITLES)[rows]).all()


def test_nothing_gives_nothing(encoder):
    assert encoder.images([]).shape == encoder.texts([]).shape == (0, 16)


def test_a_broken_photo_is_named_by_its_position(encoder):
    with pytest.raises(PhotoError, match="photo 6 of 8") as caught:
        encoder.images([*PHOTOS[:6], b"broken", PHOTOS[7]])
    assert caught.value.position == 6


def test_any_open_clip_folder_will_do(tmp_path):
    import open_clip

    config = {
        "model_cfg": {
            "embed_dim": 8,
            "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16},
            "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
        },
        "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "resize_mode": "longest"},
    }
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config))
    torch.manual_seed(0)
    model = open_clip.CLIP(**config["model_cfg"])
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, tmp_path / "open_clip_model.safetensors")
    encoder = Encoder.load(tmp_path, batch=4)
    assert encoder.dimension == 8
    assert (encoder.images(PHOTOS[:6])[2] == encoder.images(PHOTOS[2:3])[0]).all()
    expected = torch.nn.functional.normalize(model.eval().encode_text(open_clip.tokenize(["red mug"], 16)), dim=-1)
    assert encoder.texts(["red mug"]) == pytest.approx(expected.detach().numpy(), abs=1e-5)


def test_fusing_averages_what_is_there():
    image, text = np.eye(4, dtype=np.float32)[:4], np.eye(4, dtype=np.float32)[[1, 2, 3, 0]]
    fused = fuse(image, text, np.array([True, True, False, False]), np.array([True, False, True, False]))
    half = np.sqrt(0.5)
    assert fused == pytest.approx(np.array([[half, half, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]))


def test_a_frame_is_embedded_row_by_row(trained, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(PHOTOS[1])
    photos = [
        PHOTOS[0],
        str(tmp_path / "photo.jpg"),
        None,
        b"broken",
        str(tmp_path / "none.jpg"),
        float("nan"),
    ]
    titles = [TITLES[0], "", TITLES[2], TITLES[3], None, None]
    df = pd.DataFrame({"name": titles, "photo": photos}, index=list("abcdef"))
    folder = str(trained[0] / "model")
    found = embed(df, folder, title="name", image="photo")
    encoder = Encoder.load(folder)
    assert found.index.tolist() == list("abcdef")
    assert found["has_image"].tolist() == [True, True, False, False, False, False]
    assert found["has_text"].tolist() == [True, False, True, True, False, False]
    assert (np.stack(found["image"])[:2] == encoder.images(PHOTOS[:2])).all()
    assert (found["text"]["c"] == encoder.texts([TITLES[2]])[0]).all()
    assert found["fused"]["b"] == pytest.approx(found["image"]["b"], abs=1e-6)
    assert not found["fused"]["f"].any()
    assert "does not decode" in found["image_error"]["d"]
    assert "none.jpg" in found["image_error"]["e"]
    assert found["image_error"]["a"] is None
    without = embed(df, folder, title="name", image=None)
    assert not without["has_image"].any()


def test_a_photo_by_url_is_read_within_limits(trained, monkeypatch):
    class Shop(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            body = PHOTOS[0] if self.path == "/a%20photo.jpg" else b"x" * 10_000_000
            with contextlib.suppress(OSError):
                while self.wfile.write(body) and self.path == "/endless.jpg":
                    time.sleep(0.01)

        def log_message(self, *_):
            pass

    monkeypatch.setattr(reader, "_OWN", PhotoReader(Storage("."), ImageConfig(tries=1, timeout_s=2), allow=None))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    cells = [f"{url}/a photo.jpg", f"{url}/endless.jpg", "nope://x/a.jpg", "/dev/zero"]
    df = pd.DataFrame({"title": ["x"] * 4, "image": cells})
    refused = embed(df[:1], str(trained[0] / "model"))["image_error"][0]
    monkeypatch.setattr(web, "_refuse_inner", lambda *_: None)  # as if it were public
    found = embed(df, str(trained[0] / "model"))
    server.shutdown()
    assert "no public address" in refused
    assert found["has_image"].tolist() == [True, False, False, False]
    assert "more than image.max_mb 32 MB" in found["image_error"][1]
    assert "nope://x/a.jpg: cannot be read" in found["image_error"][2]
    assert "no regular file" in found["image_error"][3]


def test_a_missing_column_is_named(trained):
    with pytest.raises(EclipError, match="no column 'title'; the frame has name"):
        embed(pd.DataFrame({"name": ["x"]}), str(trained[0] / "model"))
