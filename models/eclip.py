"""An e-CLIP model: two open_clip towers, a tokenizer and a transform, in a folder that open_clip loads alone.

open_clip.create_model_from_pretrained("local-dir:FOLDER")
open_clip.get_tokenizer("local-dir:FOLDER")
"""

from __future__ import annotations

import hashlib
import json
import logging
import mmap
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..schemas.config import PretrainConfig
from ..schemas.errors import EclipError
from . import tokenizer as bpe
from .transforms import CONFIG_FILE, Preprocess

if TYPE_CHECKING:
    import torch

WEIGHTS_FILE = "open_clip_model.safetensors"
_WEIGHT_ENDINGS = {".safetensors", ".bin", ".pt", ".pth", ".ckpt"}


def require_torch() -> None:
    """Import torch, torchvision and open_clip, or say what to install.

    Raises:
        EclipError: one of them is missing, or torch and torchvision are not builds of each other.
    """
    try:
        import torch
    except ImportError as error:
        raise EclipError(f"models need torch ({error}); install it with: pip install 'eclip[models]'") from None
    try:
        import torchvision  # noqa: F401
    except (ImportError, RuntimeError, AttributeError) as error:
        try:
            beside = version("torchvision")
        except PackageNotFoundError:
            beside = "not installed"
        # A build for CPU beside one for CUDA fails with "operator torchvision::nms does not exist".
        raise EclipError(
            f"torch {torch.__version__} and torchvision {beside} do not work together ({error}); install "
            "both from one place: pip install --force-reinstall torch torchvision, and for CPU builds add "
            "--index-url https://download.pytorch.org/whl/cpu"
        ) from None
    try:
        import open_clip  # noqa: F401
    except ImportError as error:
        raise EclipError(f"models need open_clip ({error}); install it with: pip install 'eclip[models]'") from None


@dataclass
class Model:
    """Hold what training and embedding need of a model."""

    network: Any  # open_clip's CLIP or CustomTextCLIP
    tokenize: Callable[[list[str]], torch.Tensor]  # titles -> int64 of shape (n, context_length)
    transform: Callable[[Any], torch.Tensor]  # a Pillow image -> float32 of shape (3, size, size)
    preprocess: Preprocess
    files: dict[str, bytes]  # everything in the folder but weights and card


def build(config: PretrainConfig, texts: Iterable[str]) -> Model:
    """Make a model of random weights, its tokenizer learnt from `texts`; torch's global random state decides.

    Raises:
        EclipError: timm has no tower of that name, torch is missing.
    """
    require_torch()
    import timm

    if not timm.is_model(config.tower):
        near = ", ".join(timm.list_models(f"*{config.tower.split('_')[0]}*")[:5]) or "test_resnet"
        raise EclipError(f"pretrain.tower '{config.tower}' is not a timm model; some that are: {near}")
    learnt = bpe.train(texts, config.vocabulary, config.context_length)
    values = {
        "model_cfg": {
            "embed_dim": config.embed_dim,
            "custom_text": True,
            "vision_cfg": {
                "timm_model_name": config.tower,
                "timm_model_pretrained": False,
                "timm_pool": "avg",
                "timm_proj": "linear",
                "image_size": config.image_size,
            },
            "text_cfg": {
                "context_length": config.context_length,
                "vocab_size": len(learnt),
                "width": config.width,
                "heads": max(1, config.width // 32),
                "layers": config.layers,
                # The default pooling takes the highest id for the end mark, which holds for CLIP's vocabulary
                # alone.
                "pool_type": "eos",
                "eos_id": bpe.EOS_ID,
                "pad_id": bpe.PAD_ID,
                # Any name makes open_clip read the tokenizer from the model's own folder.
                "hf_tokenizer_name": ".",
            },
        },
        "preprocess_cfg": Preprocess.of(config).as_dict(),
    }
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        bpe.save(learnt, folder)
        (folder / CONFIG_FILE).write_text(json.dumps(values, indent=1) + "\n", "utf-8")
        # open_clip warns that random weights are random, and sets up the root logger to say so.
        before = logging.root.manager.disable
        logging.disable(logging.WARNING)
        try:
            return _open(folder, weights=False)
        finally:
            logging.disable(before)


def load(folder: Path) -> Model:
    """Load an open_clip folder, ours or any other.

    Raises:
        EclipError: it is not one, its weights are missing or do not fit, torch is missing.
    """
    require_torch()
    return _open(folder, weights=True)


def _open(folder: Path, weights: bool) -> Model:
    import open_clip

    preprocess = Preprocess.read(folder)
    name = f"local-dir:{folder}"
    try:
        network = open_clip.create_model(name, load_weights=weights, require_pretrained=weights)
        tokenize = open_clip.get_tokenizer(name)
    except Exception as error:
        raise EclipError(f"{folder}: open_clip cannot load this model ({type(error).__name__}: {error})") from error
    how = open_clip.transform.PreprocessCfg(**network.visual.preprocess_cfg)
    transform = open_clip.transform.image_transform_v2(how, is_train=False)
    files = {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.suffix not in _WEIGHT_ENDINGS and file.name != "README.md"
    }
    return Model(network, tokenize, transform, preprocess, files)


def save(model: Model, folder: Path, card: str) -> None:
    """Write a model as an open_clip folder with `card` as its README.md."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    for name, data in model.files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    # safetensors refuses strided tensors, which channels_last leaves behind, and tensors that share memory.
    tensors = {name: t.detach().cpu().contiguous().clone() for name, t in model.network.state_dict().items()}
    save_file(tensors, folder / WEIGHTS_FILE, metadata={"format": "pt"})
    (folder / "README.md").write_text(card, "utf-8")


def content_hash(folder: Path) -> str:
    """Sum up what decides a model's vectors: tensor names, types, shapes and bytes, configuration, tokenizer.

    Neither the layout of JSON nor the order of tensors in the file counts. Needs no torch.

    Returns:
        32 hex digits.

    Raises:
        EclipError: the folder is not an open_clip model.
    """
    Preprocess.read(folder)
    total = hashlib.sha256()
    for name in (CONFIG_FILE, "tokenizer.json"):
        if (folder / name).is_file():
            values = json.loads((folder / name).read_text("utf-8"))
            total.update(f"{name}\0{json.dumps(values, sort_keys=True)}\0".encode())
    weights = sorted(file for file in folder.iterdir() if file.suffix in _WEIGHT_ENDINGS)
    for file in weights:
        if file.suffix == ".safetensors":
            for name, kind, shape, data in _tensors(file):
                total.update(f"{name}\0{kind}\0{shape}\0".encode())
                total.update(data)
        else:
            total.update(hashlib.sha256(file.read_bytes()).digest())
    if not weights:
        raise EclipError(f"{folder}: no weights; {WEIGHTS_FILE} was expected")
    return total.hexdigest()[:32]


def _tensors(file: Path) -> Iterator[tuple[str, str, list[int], bytes]]:
    """Read a safetensors file without a framework: 8 bytes of header length, a JSON header, the bytes."""
    with file.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = 8 + int.from_bytes(data[:8], "little")
        header = json.loads(data[8:start])
        for name in sorted(name for name in header if name != "__metadata__"):
            low, high = header[name]["data_offsets"]
            yield name, header[name]["dtype"], header[name]["shape"], data[start + low : start + high]


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep torch on one CPU thread: sums keep their order, and no waiting thread slows a shared machine."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
