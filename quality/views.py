"""Two views of a listing, its photo and its title, as numbers that need no training: what a mismatch is told from.

A photo is described by its edges, its colours and its pixels, a title by how often each character n-gram stands in it.
Compiled, because every photo of the catalog goes through here: most of the time is spent on decoding.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa
import scipy.sparse
import xxhash
from PIL import Image

from .compiled import compiled
from .images.decode import open_image
from .images.features import (
    CELL,
    COLOUR_SIZE,
    FLOOR,
    GRID,
    HOG_SIZE,
    HUES,
    ORIENTATIONS,
    SATURATIONS,
    THUMB,
    VALUES,
)  # fmt: skip
from .text.normalise import normalise

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import HashingVectorizer

PIXELS = 16  # a side, of the photo's mean colours
BLOCKS = (HOG_SIZE, COLOUR_SIZE, PIXELS**2 * 3)  # numbers of each kind in a photo's view
NGRAMS = 1 << 14  # buckets that character n-grams are hashed into; 65,536 score no better
PHOTOS_AT_A_TIME = 256
PHOTO_PARTS, TITLE_PARTS = 300, 384  # directions that are kept of each view


def photo_view(jpegs: Sequence[bytes]) -> np.ndarray:
    """Describe photos by edges (HOG), colours and pixels. [float32 (n, 3684)]

    The first two are those of `images.features`, made for many photos at once.

    Raises:
        ValueError: a photo does not decode; the message names its position.
    """
    found = np.empty((len(jpegs), sum(BLOCKS)), np.float32)
    for first in range(0, len(jpegs), PHOTOS_AT_A_TIME):
        part = jpegs[first : first + PHOTOS_AT_A_TIME]
        thumbs = np.stack([_thumb(jpeg, first + k) for k, jpeg in enumerate(part)])
        tall = Image.fromarray(thumbs.reshape(-1, THUMB, 3))
        hsv = np.asarray(tall.convert("HSV")).reshape(thumbs.shape)
        rows = found[first : first + len(part)]
        _edges_and_colours(np.ascontiguousarray(thumbs), hsv, rows)
        side = THUMB // PIXELS
        down = thumbs.reshape(-1, side, THUMB * 3).sum(1, dtype=np.uint16)
        sums = down.reshape(len(part), PIXELS, PIXELS, side, 3).sum(3, dtype=np.uint16)
        rows[:, HOG_SIZE + COLOUR_SIZE :] = sums.reshape(len(part), -1) / np.float32(255 * side**2)
    return found


def _thumb(jpeg: bytes, position: int) -> np.ndarray:
    try:
        with open_image(jpeg) as photo:
            photo.draft("RGB", (THUMB, THUMB))  # decodes no more pixels than it takes: half the time
            return np.asarray(photo.convert("RGB").resize((THUMB, THUMB), Image.Resampling.BILINEAR))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  (Pillow's plugins raise nearly anything on a broken file)
        raise ValueError(f"photo {position} does not decode: {error}") from None


@compiled
def _edges_and_colours(thumbs: np.ndarray, hsv: np.ndarray, rows: np.ndarray) -> None:
    """Write `images.features.hog` and `colour_histograms` of each thumbnail into its row."""
    cells = THUMB // CELL
    bins = HUES * SATURATIONS * VALUES
    for n in range(len(thumbs)):
        grey = np.empty((THUMB, THUMB), np.float32)
        colours = np.zeros((GRID * GRID, bins), np.float32)
        for i in range(THUMB):
            for j in range(THUMB):
                red, green, blue = thumbs[n, i, j]
                grey[i, j] = np.float32(0.299) * red + np.float32(0.587) * green + np.float32(0.114) * blue
                saturation = hsv[n, i, j, 1] * SATURATIONS // 256
                hue = hsv[n, i, j, 0] * HUES // 256 if saturation > 0 else 0
                colour = (hue * SATURATIONS + saturation) * VALUES + hsv[n, i, j, 2] * VALUES // 256
                colours[i * GRID // THUMB * GRID + j * GRID // THUMB, colour] += 1
        votes = np.zeros((cells, cells, ORIENTATIONS), np.float64)
        for i in range(THUMB):
            for j in range(THUMB):
                across = grey[i, j + 1] - grey[i, j - 1] if 0 < j < THUMB - 1 else np.float32(0)
                down = grey[i + 1, j] - grey[i - 1, j] if 0 < i < THUMB - 1 else np.float32(0)
                strength = np.sqrt(across * across + down * down)
                if strength > 0:
                    angle = np.arctan2(down, across) * np.float32(ORIENTATIONS / np.pi) - np.float32(0.5)
                    lower = np.int64(np.floor(angle))
                    part = angle - np.float32(lower)
                    # From -10 to 8: two turns up, none of them is negative.
                    votes[i // CELL, j // CELL, (lower + 2 * ORIENTATIONS) % ORIENTATIONS] += strength * (1 - part)
                    votes[i // CELL, j // CELL, (lower + 2 * ORIENTATIONS + 1) % ORIENTATIONS] += strength * part
        place = 0
        for i in range(cells - 1):
            for j in range(cells - 1):
                block = votes[i : i + 2, j : j + 2]
                length = np.sqrt((block * block).sum() + FLOOR)
                for a in range(2):
                    for b in range(2):
                        for k in range(ORIENTATIONS):
                            rows[n, place] = min(block[a, b, k] / length, 0.2)
                            place += 1
        for cell in range(GRID * GRID):
            total = colours[cell].sum()
            for k in range(bins):
                rows[n, place] = np.sqrt(colours[cell, k] / total)
                place += 1


# scikit-learn is imported late: it takes longer than all else of this package, and only those with photos need it.
@functools.cache
def _ngrams() -> HashingVectorizer:
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(
        analyzer="char_wb", ngram_range=(2, 5), n_features=NGRAMS, norm=None, alternate_sign=False, lowercase=False,
        dtype=np.float32,
    )  # fmt: skip


def title_view(titles: Sequence[str]) -> scipy.sparse.csr_array:
    """Count the character 2- to 5-grams of titles, hashed. [float32 (n, 16384), sparse: 1 + log of each count]

    Characters, not words: a Chinese, Japanese or Thai title has no spaces to cut it at. Without a vocabulary there is
    nothing to learn, and any part of the catalog is described like the whole.
    """
    if not len(titles):
        return scipy.sparse.csr_array((0, NGRAMS), dtype=np.float32)
    counts = scipy.sparse.csr_array(_ngrams().transform(normalise(pa.array(titles, pa.string())).to_pylist()))
    counts.data = 1 + np.log(counts.data)
    return counts


@dataclass(frozen=True)
class Pairs:
    """Photos and titles of n listings, described by `views` or embedded by a model, row by row."""

    photos: np.ndarray  # [float32 (n, f)]
    titles: np.ndarray | scipy.sparse.csr_array  # [float32 (n, g)]
    photo_keys: np.ndarray  # [uint64 (n,)] equal for equal photos
    title_keys: np.ndarray  # [uint64 (n,)] equal for titles that are equal but for case, width and signs

    def __len__(self) -> int:
        return len(self.photo_keys)

    @classmethod
    def of(cls, jpegs: Sequence[bytes], titles: Sequence[str]) -> Pairs:
        """Describe photos and titles.

        Raises:
            ValueError: a photo does not decode.
        """
        return cls(photo_view(jpegs), title_view(titles), photo_keys(jpegs), title_keys(titles))

    def take(self, rows: np.ndarray) -> Pairs:
        """Choose rows by number."""
        return Pairs(self.photos[rows], self.titles[rows], self.photo_keys[rows], self.title_keys[rows])


def photo_keys(jpegs: Sequence[bytes]) -> np.ndarray:
    """Hash photos. [uint64 (n,)]"""
    return np.fromiter((xxhash.xxh3_64_intdigest(jpeg) for jpeg in jpegs), np.uint64, len(jpegs))


def title_keys(titles: Sequence[str]) -> np.ndarray:
    """Hash titles as they are compared. [uint64 (n,)]"""
    plain = normalise(pa.array(titles, pa.string())).to_pylist()
    return np.fromiter((xxhash.xxh3_64_intdigest(t.encode()) for t in plain), np.uint64, len(plain))


@dataclass(frozen=True)
class Basis:
    """The directions in which photos and titles of the catalog differ most: PCA, and latent semantic analysis."""

    mean: np.ndarray  # (f,)
    photo_weights: np.ndarray  # (f, parts)
    idf: np.ndarray  # (g,)
    title_weights: np.ndarray  # (g, parts)

    @classmethod
    def fit(cls, pairs: Pairs) -> Basis:
        """Find them; each kind of a photo's numbers counts alike."""
        from sklearn.decomposition import PCA, TruncatedSVD

        mean = pairs.photos.mean(0)
        centred = pairs.photos - mean
        bounds = np.cumsum([0, *BLOCKS])
        scale = np.zeros(len(mean), np.float32)
        for first, last in itertools.pairwise(bounds.tolist()):
            variance = float(np.square(centred[:, first:last]).sum()) / len(centred)
            scale[first:last] = 1 / np.sqrt(variance) if variance > 0 else 0
        centred *= scale
        parts = min(PHOTO_PARTS, len(pairs) - 1)
        pca = PCA(parts, svd_solver="randomized", iterated_power=3, random_state=0).fit(centred)
        counts = cast(scipy.sparse.csr_array, pairs.titles)
        standing = np.bincount(counts.indices, minlength=counts.shape[1])
        idf = (np.log((1 + len(pairs)) / (1 + standing)) + 1).astype(np.float32)
        lsa = TruncatedSVD(min(TITLE_PARTS, len(pairs) - 1), n_iter=2, random_state=0).fit(_weighted(counts, idf))
        return cls(mean, (scale * pca.components_).T.astype(np.float32), idf, lsa.components_.T.astype(np.float32))

    def photos(self, pairs: Pairs) -> np.ndarray:
        """Bring photos onto their directions. [float32 (n, parts)]"""
        return np.asarray((pairs.photos - self.mean) @ self.photo_weights)

    def titles(self, pairs: Pairs) -> np.ndarray:
        """Bring titles onto theirs. [float32 (n, parts)]"""
        return np.asarray(_weighted(cast(scipy.sparse.csr_array, pairs.titles), self.idf) @ self.title_weights)


def _weighted(counts: scipy.sparse.csr_array, idf: np.ndarray) -> scipy.sparse.csr_array:
    """Weigh n-grams by their rarity and bring each title to length 1."""
    found = counts.copy()
    found.data = found.data * idf[found.indices]
    lengths = np.sqrt(np.asarray(found.multiply(found).sum(axis=1))).ravel()
    found.data = (found.data / np.repeat(lengths, np.diff(found.indptr))).astype(np.float32)
    return found
