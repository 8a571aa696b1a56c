"""Photos on their way into a model: decoded once, varied in training, never varied when embedded.

Training holds every photo as a small uint8 array, a little larger than the model's input, in the very frame
that open_clip's transform of the same model would cut. So a model trained here sees when it embeds what it
saw in training.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ..quality.images.decode import open_image
from ..schemas.config import PretrainConfig
from ..schemas.errors import EclipError

if TYPE_CHECKING:
    import torch

CONFIG_FILE = "open_clip_config.json"
# Held photos are this much larger than the input: a crop then loses no sharpness.
HELD = 9 / 8


class PhotoError(EclipError):
    """Report a photo that does not decode; `position` counts from 0 in what was given."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


@dataclass(frozen=True)
class Preprocess:
    """Say how a photo becomes a model's input; the fields are those of open_clip's `preprocess_cfg`."""

    size: int = 224  # pixels, both sides
    mean: tuple[float, ...] = (
        0.48145466,
        0.4578275,
        0.40821073,
    )  # of RGB in 0 to 1; CLIP's own where not given
    std: tuple[float, ...] = (0.26862954, 0.26130258, 0.27577711)
    interpolation: str = "bicubic"
    resize_mode: str = "shortest"  # shortest: fill the frame, crop; longest: fit, pad; squash: stretch
    fill_color: int = 0

    @classmethod
    def of(cls, config: PretrainConfig) -> Preprocess:
        """Read the transform of the model to start from; from scratch: the whole photo, squashed.

        A product shot is seldom square and the product fills it: cropping would cut off sleeves and soles.

        Raises:
            EclipError: `config.model` is not an open_clip folder, or its input is not square.
        """
        if config.model is None:
            return cls(config.image_size, (0.5,) * 3, (0.25,) * 3, resize_mode="squash")
        return cls.read(Path(config.model))

    @classmethod
    def read(cls, folder: Path) -> Preprocess:
        """Read the transform of an open_clip folder."""
        try:
            values = json.loads((folder / CONFIG_FILE).read_text("utf-8"))
            size = values["model_cfg"]["vision_cfg"]["image_size"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EclipError(
                f"{folder}: not an open_clip model; expected {CONFIG_FILE} with "
                f"model_cfg.vision_cfg.image_size ({type(error).__name__}: {error})"
            ) from None
        known = {field.name for field in fields(cls)}
        given = {k: v for k, v in (values.get("preprocess_cfg") or {}).items() if k in known and v is not None}
        size = given.pop("size", size)
        if isinstance(size, list | tuple):
            if len(set(size)) > 1:
                raise EclipError(f"{folder}: photos of {size} pixels; only square inputs are supported")
            size = size[0]
        for name in ("mean", "std"):
            if name in given:
                given[name] = tuple(given[name]) if isinstance(given[name], list | tuple) else (given[name],) * 3
        return cls(size=int(size), **given)

    @property
    def held(self) -> int:
        """Pixels of a side while a photo waits in memory."""
        return math.ceil(self.size * HELD)

    def as_dict(self) -> dict[str, Any]:
        """Give `preprocess_cfg` as open_clip writes it."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


def open_photo(photo: bytes, size: int, position: int = 0, of: int = 1) -> Image.Image:
    """Decode a photo, at a reduced scale where it is a JPEG of more than twice `size`.

    Raises:
        PhotoError: the bytes are not a photo; `position` and `of` name it.
    """
    try:
        image = open_image(photo)
        # At twice the size the resize still averages enough pixels; decoding costs up to 16 times less.
        image.draft("RGB", (2 * size, 2 * size))
        return image.convert("RGB")
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  (Pillow's plugins raise nearly anything on a broken file)
        raise PhotoError(
            f"photo {position} of {of} does not decode ({error}); leave it out, or embed the title alone",
            position,
        ) from None


def hold(photo: bytes, preprocess: Preprocess, position: int = 0, of: int = 1) -> np.ndarray:
    """Decode a photo for training: the model's frame, 9/8 of its size, uint8 of shape (held, held, 3).

    Raises:
        PhotoError: the bytes are not a photo.
    """
    side = preprocess.held
    image = open_photo(photo, side, position, of)
    how = Image.Resampling.BILINEAR if preprocess.interpolation == "bilinear" else Image.Resampling.BICUBIC
    if preprocess.resize_mode == "squash":
        return np.array(image.resize((side, side), how))
    fit = max if preprocess.resize_mode == "longest" else min
    factor = side / fit(image.size)
    width, height = (max(1, round(edge * factor)) for edge in image.size)
    frame = Image.new("RGB", (side, side), (preprocess.fill_color,) * 3)
    frame.paste(image.resize((width, height), how), ((side - width) // 2, (side - height) // 2))
    return np.array(frame)


def fit(photos: np.ndarray, preprocess: Preprocess, device: str = "cpu") -> torch.Tensor:
    """Turn held photos, uint8 (n, held, held, 3), into model input as it is, float32 (n, 3, size, size)."""
    import torch

    pixels = torch.from_numpy(photos).to(device).permute(0, 3, 1, 2).float() / 255
    pixels = torch.nn.functional.interpolate(
        pixels, (preprocess.size,) * 2, mode="bicubic", align_corners=False, antialias=True
    )
    return _normalise(pixels.clamp(0, 1), preprocess)


def augment(photos: np.ndarray, preprocess: Preprocess, generator: torch.Generator, device: str) -> torch.Tensor:
    """Turn held photos into varied model input: crop, shift, small turn, flip, brightness and contrast.

    Hue stays: a colour is what many listings of one family differ in.

    Args:
        photos: uint8 of shape (n, held, held, 3).
        preprocess: size, mean and deviation of the model's input.
        generator: where every random number comes from, on the CPU, so that a device changes no draw.
        device: where the result lies.

    Returns:
        float32 of shape (n, 3, size, size), channels last.
    """
    import torch

    n = len(photos)

    def draw(low: float, high: float) -> torch.Tensor:
        return torch.rand(n, generator=generator) * (high - low) + low

    angle = torch.randn(n, generator=generator) * 0.2  # radians
    zoom, flip = draw(0.7, 1.0), (draw(0, 1) < 0.5).float() * 2 - 1
    place = torch.zeros(n, 2, 3)
    place[:, 0, 0], place[:, 0, 1], place[:, 0, 2] = (
        angle.cos() * zoom * flip,
        -angle.sin() * zoom,
        draw(-0.15, 0.15),
    )
    place[:, 1, 0], place[:, 1, 1], place[:, 1, 2] = (
        angle.sin() * zoom * flip,
        angle.cos() * zoom,
        draw(-0.15, 0.15),
    )
    gain, shift = draw(0.8, 1.2).view(n, 1, 1, 1), draw(-0.08, 0.08).view(n, 1, 1, 1)
    pixels = torch.from_numpy(photos).to(device).permute(0, 3, 1, 2).float() / 255
    grid = torch.nn.functional.affine_grid(
        place.to(device), [n, 3, preprocess.size, preprocess.size], align_corners=False
    )
    pixels = torch.nn.functional.grid_sample(pixels, grid, padding_mode="reflection", align_corners=False)
    return _normalise(pixels * gain.to(device) + shift.to(device), preprocess)


def _normalise(pixels: torch.Tensor, preprocess: Preprocess) -> torch.Tensor:
    import torch

    mean = torch.tensor(preprocess.mean, device=pixels.device).view(1, 3, 1, 1)
    deviation = torch.tensor(preprocess.std, device=pixels.device).view(1, 3, 1, 1)
    return ((pixels - mean) / deviation).contiguous(memory_format=torch.channels_last)
