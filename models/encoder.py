"""Photos and titles in, unit vectors out: an open_clip folder at work.

A batch always holds the same number of rows, the last one filled up with blanks: another batch size would
change the last bits of a row, and a row's vector must not depend on the rows beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..quality.images.reader import own_photo
from ..quality.images.web import NoPhotoError
from ..schemas.errors import EclipError
from . import eclip
from .transforms import PhotoError, open_photo

if TYPE_CHECKING:
    import pandas as pd

EMBED_ROWS = 512  # photos that `embed` reads at a time


class Encoder:
    """Encode photos and titles with a model's own transform and tokenizer; `Encoder.load` makes one."""

    def __init__(self, model: eclip.Model, batch: int) -> None:
        import torch

        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.batch = batch
        self._model = model
        self._network = model.network.to(self.device, memory_format=torch.channels_last).eval()
        self.dimension = int(self.texts(["x"]).shape[1])

    @classmethod
    def load(cls, folder: Path | str, batch: int = 64) -> Encoder:
        """Load any open_clip folder; `batch` rows are encoded at a time, always exactly.

        Raises:
            EclipError: the folder is not an open_clip model, or torch is missing or broken.
        """
        if batch < 1:
            raise EclipError(f"batches of {batch} rows; expected 1 or more")
        return cls(eclip.load(Path(folder)), batch)

    def images(self, jpegs: Sequence[bytes]) -> np.ndarray:
        """Encode photos. [float32 of shape (n, dimension), rows of length 1]

        Raises:
            PhotoError: a photo does not decode; the message and `position` name it.
        """
        import torch

        size = self._model.preprocess.size

        def inputs(at: range) -> torch.Tensor:
            photos = [self._model.transform(open_photo(jpegs[i], size, i, len(jpegs))) for i in at]
            return torch.stack(photos).contiguous(memory_format=torch.channels_last)

        return self._encode(inputs, self._network.encode_image, len(jpegs))

    def texts(self, titles: Sequence[str]) -> np.ndarray:
        """Encode titles. [float32 of shape (n, dimension), rows of length 1]"""
        return self._encode(
            lambda at: self._model.tokenize([titles[i] for i in at]), self._network.encode_text, len(titles)
        )

    def _encode(self, inputs: Callable[[range], Any], tower: Callable[..., Any], rows: int) -> np.ndarray:
        import torch

        found = []
        with torch.inference_mode(), eclip.one_thread():
            for start in range(0, rows, self.batch):
                part = inputs(range(start, min(start + self.batch, rows)))
                blanks = part.new_zeros((self.batch - len(part), *part.shape[1:]))
                full = torch.cat([part, blanks]).to(self.device)
                found.append(tower(full, normalize=True)[: len(part)].float().cpu().numpy())
        return np.concatenate(found) if found else np.zeros((0, self.dimension), np.float32)


def fuse(image: np.ndarray, text: np.ndarray, has_image: np.ndarray, has_text: np.ndarray) -> np.ndarray:
    """Average the vectors that a row has and bring the mean to length 1; zeros where it has none.

    Args:
        image, text: unit vectors, (n, d); what stands in a row that lacks one does not matter.
        has_image, has_text: bool of shape (n,).

    Returns:
        float32 of shape (n, d).
    """
    total = np.where(has_image[:, None], image, 0).astype(np.float32) + np.where(has_text[:, None], text, 0)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.asarray(total / np.where(length > 0, length, 1), np.float32)


def embed(df: pd.DataFrame, model: str, title: str = "title", image: str | None = "image") -> pd.DataFrame:
    """Embed the rows of a frame.

        vectors = eclip.embed(df, model="runs/demo/pretrain/model")
        np.stack(vectors["fused"]) @ np.stack(vectors["fused"]).T  # cosines

    Args:
        df: one product a row.
        model: an open_clip folder.
        title: the column of titles; null and empty ones have no vector.
        image: the column of photos, bytes or a path or URL in each cell, null where there is none; None: no
            photos. Files are read wherever they lie; each by the limits of `image:` in a configuration.

    Returns:
        A frame with the same index: "image", "text" and "fused" (float32 arrays of length 1, zeros where
        absent), "has_image", "has_text" and "image_error" (why a photo could not be read, else None).

    Raises:
        EclipError: a column is missing, the folder is not an open_clip model, or torch is missing or broken.
    """
    import pandas as pd

    for column in (title, image):
        if column is not None and column not in df.columns:
            raise EclipError(f"no column '{column}'; the frame has {', '.join(map(str, df.columns))}; name yours")
    encoder = Encoder.load(model)
    texts = np.zeros((len(df), encoder.dimension), np.float32)
    photos = np.zeros_like(texts)
    errors: list[str | None] = [None] * len(df)
    cells = df[title].tolist()
    has_text = np.array([isinstance(cell, str) and bool(cell.strip()) for cell in cells], bool)
    texts[has_text] = encoder.texts([cell for cell, has in zip(cells, has_text, strict=True) if has])
    has_image = np.zeros(len(df), bool)
    for start in range(0, len(df) if image is not None else 0, EMBED_ROWS):
        readable: dict[int, bytes] = {}
        for row, cell in enumerate(df[image].iloc[start : start + EMBED_ROWS].tolist(), start):
            try:
                data = own_photo(cell)
                if data is not None:
                    open_photo(data, 1)
                    readable[row] = data
            except PhotoError as error:
                errors[row] = str(error)
            except NoPhotoError as error:
                errors[row] = f"{cell}: {error}"
        has_image[list(readable)] = True
        photos[list(readable)] = encoder.images(list(readable.values()))
    columns = {"image": photos, "text": texts, "fused": fuse(photos, texts, has_image, has_text)}
    frame = pd.DataFrame({name: list(vectors) for name, vectors in columns.items()}, index=df.index)
    frame["has_image"], frame["has_text"] = has_image, has_text
    frame["image_error"] = pd.Series(errors, index=df.index, dtype=object)
    return frame
