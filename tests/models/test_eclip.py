import builtins
import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from eclip.models import eclip
from eclip.models.encoder import Encoder
from eclip.schemas.config import PretrainConfig
from eclip.schemas.errors import EclipError
from safetensors.numpy import load_file, save_file

from .conftest import draw

WITHOUT_ECLIP = """
import io, sys, numpy as np, torch, open_clip
from PIL import Image
torch.set_num_threads(1)
folder, photo = sys.argv[1], sys.argv[2]
model, preprocess = open_clip.create_model_from_pretrained("local-dir:" + folder)
tokenize = open_clip.get_tokenizer("local-dir:" + folder)
model.eval()
with torch.inference_mode():
    image = model.encode_image(preprocess(Image.open(photo))[None], normalize=True)
    text = model.encode_text(tokenize(["red box maker1", "зелёный шар"]), normalize=True)
assert not any(name.split(".")[0] == "eclip" for name in sys.modules)
np.save(folder + "/out.npy", torch.cat([image, text]).numpy())
"""


def test_the_folder_loads_in_a_process_without_eclip_and_gives_the_same_vectors(trained, tmp_path):
    folder = trained[0] / "model"
    (tmp_path / "photo.jpg").write_bytes(draw("box", "red"))
    run = [sys.executable, "-c", WITHOUT_ECLIP, str(folder), str(tmp_path / "photo.jpg")]
    done = subprocess.run(run, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    theirs = np.load(folder / "out.npy")
    (folder / "out.npy").unlink()
    encoder = Encoder.load(folder)
    ours = np.concatenate([encoder.images([draw("box", "red")]), encoder.texts(["red box maker1", "зелёный шар"])])
    assert np.abs(ours - theirs).max() < 1e-5


def test_saving_and_loading_changes_no_content(trained, tmp_path):
    folder = trained[0] / "model"
    eclip.save(eclip.load(folder), tmp_path / "again", "# card\n")
    assert eclip.content_hash(tmp_path / "again") == eclip.content_hash(folder)
    names = {"open_clip_config.json", "open_clip_model.safetensors", "tokenizer.json", "README.md"}
    assert names <= {file.name for file in (tmp_path / "again").iterdir()}


def test_the_content_hash_sees_weights_names_and_configuration_but_not_layout(trained, tmp_path):
    source = trained[0] / "model"
    eclip.save(eclip.load(source), tmp_path, "")
    before = eclip.content_hash(tmp_path)
    config = json.loads((tmp_path / "open_clip_config.json").read_text())
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config, indent=7, sort_keys=True))
    tensors = load_file(tmp_path / "open_clip_model.safetensors")
    save_file(dict(reversed(tensors.items())), tmp_path / "open_clip_model.safetensors")
    assert eclip.content_hash(tmp_path) == before
    changed = dict(tensors)
    changed["logit_scale"] = np.array(np.nextafter(changed["logit_scale"], np.float32(9)))
    save_file(changed, tmp_path / "open_clip_model.safetensors")
    assert eclip.content_hash(tmp_path) != before
    renamed = {("x" if name == "logit_scale" else name): value for name, value in tensors.items()}
    save_file(renamed, tmp_path / "open_clip_model.safetensors")
    assert eclip.content_hash(tmp_path) != before
    save_file(tensors, tmp_path / "open_clip_model.safetensors")
    config["preprocess_cfg"]["mean"] = [0.4, 0.5, 0.5]
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config))
    assert eclip.content_hash(tmp_path) != before


def test_what_is_no_model_is_named(tmp_path):
    with pytest.raises(EclipError, match="not an open_clip model"):
        eclip.load(tmp_path / "nothing")
    config = {"model_cfg": {"embed_dim": 8, "vision_cfg": {"image_size": 32}, "text_cfg": {}}}
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(EclipError, match="no weights"):
        eclip.content_hash(tmp_path)
    with pytest.raises(EclipError, match="open_clip cannot load this model"):
        eclip.load(tmp_path)


def test_an_unknown_tower_is_named_with_some_that_exist():
    with pytest.raises(EclipError, match=r"'resnet_99' is not a timm model; some that are: .*resnet"):
        eclip.build(PretrainConfig(tower="resnet_99"), ["a"])


@pytest.mark.parametrize(
    ("broken", "error", "says"),
    [
        (
            "torch",
            ImportError("No module named 'torch'"),
            r"models need torch .* pip install 'eclip\[models\]'",
        ),
        (
            "torchvision",
            RuntimeError("operator torchvision::nms does not exist"),
            r"torch .* and torchvision .* do not work together .*nms.* --index-url",
        ),
        ("open_clip", ImportError("No module named 'open_clip'"), "models need open_clip"),
    ],
)
def test_a_missing_or_mismatched_build_is_explained(monkeypatch, broken, error, says):
    real = builtins.__import__

    def fails(name, *args, **kwargs):
        if name == broken:
            raise error
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", fails)
    with pytest.raises(EclipError, match=says):
        eclip.require_torch()


def test_one_thread_is_given_back():
    before = torch.get_num_threads()
    with eclip.one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


def test_the_room_is_imported_without_torch():
    code = "import sys; from eclip.models import eclip, encoder, pretrain, predict"
    done = subprocess.run([sys.executable, "-c", code + "; sys.exit('torch' in sys.modules)"], check=False)
    assert done.returncode == 0
