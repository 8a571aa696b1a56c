import io
import json

import numpy as np
import open_clip
import pytest
import torch
from eclip.models.transforms import PhotoError, Preprocess, augment, fit, hold, open_photo
from eclip.schemas.config import PretrainConfig
from eclip.schemas.errors import EclipError
from PIL import Image

from .conftest import draw


def photo(width, height, seed=0):
    """A smooth random photo: what a resize does to it does not hang on single pixels."""
    small = np.random.default_rng(seed).integers(0, 256, (9, 9, 3)).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC).save(out, "JPEG", quality=92)
    return out.getvalue()


def theirs(data, frame):
    """open_clip's own transform of the whole photo, decoded at full size."""
    cfg = open_clip.transform.PreprocessCfg(**frame.as_dict())
    return open_clip.transform.image_transform_v2(cfg, is_train=False)(Image.open(io.BytesIO(data)))


@pytest.mark.parametrize("mode", ["squash", "shortest", "longest"])
@pytest.mark.parametrize("size", [(500, 300), (200, 310), (40, 40)])
def test_a_held_photo_becomes_nearly_what_open_clip_makes_of_it(mode, size):
    frame = Preprocess(size=64, resize_mode=mode)
    data = photo(*size)
    held = hold(data, frame)
    assert held.shape == (72, 72, 3)
    ours, expected = fit(held[None], frame)[0], theirs(data, frame)
    assert ours.shape == expected.shape
    # Padding may begin a pixel earlier or later.
    limit = 0.97 if mode == "longest" else 0.995
    assert torch.nn.functional.cosine_similarity(ours.flatten(), expected.flatten(), dim=0) > limit


def test_the_frame_of_a_new_model_is_the_whole_photo():
    frame = Preprocess.of(PretrainConfig(image_size=48))
    assert (frame.size, frame.held, frame.resize_mode) == (48, 54, "squash")


def test_the_frame_of_a_model_is_read_from_its_folder(tmp_path):
    config = {
        "model_cfg": {"vision_cfg": {"image_size": 96}},
        "preprocess_cfg": {"mean": [0.1, 0.2, 0.3], "std": 0.5},
    }
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config))
    frame = Preprocess.of(PretrainConfig(model=str(tmp_path)))
    assert (frame.size, frame.mean, frame.std) == (96, (0.1, 0.2, 0.3), (0.5, 0.5, 0.5))
    assert frame.resize_mode == "shortest"  # open_clip's default
    (tmp_path / "open_clip_config.json").write_text("{}")
    with pytest.raises(EclipError, match="not an open_clip model"):
        Preprocess.read(tmp_path)


def test_a_large_photo_is_decoded_at_a_reduced_scale_but_never_below_twice_the_size():
    assert open_photo(photo(1600, 1200), 64).size == (200, 150)
    assert open_photo(photo(130, 130), 64).size == (130, 130)


def test_augmentation_follows_from_the_generator_and_keeps_the_hue():
    frame = Preprocess(size=32, mean=(0, 0, 0), std=(1, 1, 1), resize_mode="squash")
    photos = np.repeat(hold(draw("box", "red"), frame)[None], 16, axis=0)

    def varied(seed):
        return augment(photos, frame, torch.Generator().manual_seed(seed), "cpu")

    one = varied(1)
    assert one.shape == (16, 3, 32, 32)
    assert torch.equal(one, varied(1))
    assert not torch.equal(one, varied(2))
    assert not torch.equal(one[0], one[1])
    # In the middle stands the box: red in every copy, whatever the light.
    middle = one[:, :, 12:20, 12:20].mean((2, 3))
    assert (middle[:, 0] > middle[:, 1] + 0.3).all()
    assert (middle[:, 0] > middle[:, 2] + 0.3).all()


def bomb():
    """A few kilobytes that would be 225 million pixels."""
    out = io.BytesIO()
    Image.new("1", (15_000, 15_000)).save(out, "PNG")
    return out.getvalue()


def test_a_broken_photo_is_named_by_its_position():
    with pytest.raises(PhotoError, match="photo 3 of 9") as caught:
        open_photo(b"\xff\xd8\xff no jpeg", 64, 3, 9)
    assert caught.value.position == 3
    with pytest.raises(PhotoError, match="decompression bomb"):
        open_photo(bomb(), 64)
    with pytest.raises(PhotoError, match="cannot identify"):
        open_photo(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", 64)
    truncated = photo(300, 300)[:2000]
    with pytest.raises(PhotoError):
        open_photo(truncated, 64)
