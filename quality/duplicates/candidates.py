"""Verify candidates: inside each bucket of listings that share a key, compare members with a few leaders, exactly.

The members of a bucket are taken in a fixed order; each is compared with the leaders found so far, and becomes one
itself if it resembles none. This runs twice, over the whole bucket and seller by seller, since a listing is dropped
for another of the same seller only.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ...schemas.deduplicate_config import DeduplicateConfig
from ..compiled import compiled, inner, making
from ..images.hashes import popcount
from ..images.matching import nearest
from .buckets import Buckets
from .copies import oriented
from .edges import compare, ragged
from .minhash import Shingles, jaccard, shingles
from .photo_signs import read
from .sorting import order_of, taken
from .variants import conflict
from .words import Words, cosine_of, squares, words

SMALL = 16  # members of a bucket that are all compared with each other: links join what no drop does
LOOSE = 0.2  # Jaccard index from which it is worth comparing words
FAR_64 = 12  # bits of the 64-bit hash above which photos are not worth comparing closely
IMAGE_FLOOR = 64  # of 256 bits: edges of photos farther apart are not kept
PHOTO_LEADERS = 256  # photos on white share many words of their hashes; bits are counted quickly
_SIZE, _CONTENT, _GTIN, _PHOTOS = range(4, 8)  # of `_facts`


def verify(
    rows: pa.Table,
    buckets: Buckets,
    rarity: np.ndarray,
    config: DeduplicateConfig,
    sets: Shingles | None = None,
    said: Words | None = None,
) -> tuple[np.ndarray, np.ndarray, pa.Table]:
    """Compare the members of buckets.

    Args:
        rows: Rows of SIGNS.
        buckets: Of row numbers.
        rarity: [float32 (BINS,)] weights of words, over the whole catalog.
        config: floors and leaders.
        sets: The rows' shingles, where they are known already.
        said: Their words, likewise.

    Returns:
        Left and right rows, [int64 (m,)] each, the lower id on the left, and m rows of EDGES, each pair once.
    """
    rows = rows.combine_chunks()
    texts = rows["text"].combine_chunks()
    sets, said = sets or shingles(texts), said or words(texts)
    seller, gtin, content = (np.asarray(rows[name]) for name in ("seller", "gtin", "content"))
    photos = read(rows["photos"])
    left, right, similarity = _pairs(
        buckets.rows, buckets.starts, buckets.photo, seller, gtin, content, sets.values, sets.offsets,
        *ragged(rows["features"]), photos.short, photos.level, photos.bounds,
        said.values, said.offsets, *squares(said, rarity), config.floor, config.word_floor, config.text_similarity,
        config.leaders,
    )  # fmt: skip
    # Leaders of the whole bucket and of one seller meet twice, and pairs meet in several buckets.
    pair = np.minimum(left, right) * np.int64(max(1, rows.num_rows)) + np.maximum(left, right)
    _, once = np.unique(pair, return_index=True)
    left, right = oriented(rows["id"].combine_chunks(), left[once], right[once])
    edges = compare(rows, left, right, rarity, similarity[once], config.vetoes, said)
    distance, bits = np.asarray(edges["image_distance"]), np.asarray(edges["image_bits"])
    seen = (distance >= 0) & (distance * (256 // np.maximum(bits, 1)) <= IMAGE_FLOOR)
    wordy = np.asarray(edges["word_similarity"]) >= np.float32(config.word_floor)
    near = np.flatnonzero((similarity[once] >= config.floor) | wordy | seen | np.asarray(edges["equal_gtin"]))
    return left[near], right[near], edges.take(pa.array(near)).combine_chunks()


@making
def _facts(
    words: np.ndarray, bounds: np.ndarray, content: np.ndarray, gtin: np.ndarray, photo_bounds: np.ndarray
) -> np.ndarray:
    """Bring together what every comparison asks of a listing, in one line of the processor's cache. [uint64 (n, 8)]

    256 bits say which shingles the text may have.
    """
    found = np.zeros((len(bounds) - 1, 8), np.uint64)
    for i in range(len(found)):
        for k in range(bounds[i], bounds[i + 1]):
            found[i, (words[k] >> np.uint32(6)) & np.uint32(3)] |= np.uint64(1) << np.uint64(words[k] & np.uint32(63))
        found[i, _SIZE] = bounds[i + 1] - bounds[i]
        found[i, _CONTENT], found[i, _GTIN] = content[i], gtin[i]
        found[i, _PHOTOS] = photo_bounds[i + 1] - photo_bounds[i]
    return found


@inner
def _most(facts: np.ndarray, left: int, right: int) -> float:
    """Give the Jaccard index that two texts have at most: a bit that one alone has is a shingle of its own."""
    one, other = int(np.int64(facts[left, _SIZE])), int(np.int64(facts[right, _SIZE]))
    lone = lonely = np.uint64(0)
    for k in range(_SIZE):
        lone += popcount(facts[left, k] & ~facts[right, k])
        lonely += popcount(facts[right, k] & ~facts[left, k])
    shared = min(one - int(np.int64(lone)), other - int(np.int64(lonely)))
    return float(shared / max(1, one + other - shared)) + 1e-9


@inner
def _equal(facts: np.ndarray, left: int, right: int, fact: int) -> bool:
    """Say whether two listings have a fact, and the same."""
    return bool(facts[left, fact] > 0 and facts[left, fact] == facts[right, fact])


@compiled
def _pairs(
    rows: np.ndarray, starts: np.ndarray, of_photo: np.ndarray, seller: np.ndarray, gtin: np.ndarray,
    content: np.ndarray, words: np.ndarray, bounds: np.ndarray, variant: np.ndarray, variant_bounds: np.ndarray,
    phash: np.ndarray, level: np.ndarray, photo_bounds: np.ndarray, said: np.ndarray, said_bounds: np.ndarray,
    square: np.ndarray, norm: np.ndarray, floor: float, word_floor: float, close: float, most: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Pairs of members and leaders that resemble each other, as row numbers, with their Jaccard index.

    A pair may come several times, though most that small buckets share come once.
    """
    left, right, similarity = np.empty(1024, np.int64), np.empty(1024, np.int64), np.empty(1024, np.float64)
    facts = _facts(words, bounds, content, gtin, photo_bounds)
    n, places = 0, 1
    while places < len(starts):
        places *= 2
    found = np.full(places, -1, np.int64)  # pairs by their hash, the last one of each place
    leaders = np.empty(max(most, SMALL, PHOTO_LEADERS), np.int64)
    for bucket in range(len(starts) - 1):
        members = rows[starts[bucket] : starts[bucket + 1]]
        small = len(members) <= SMALL
        limit = SMALL if small else PHOTO_LEADERS if of_photo[bucket] else most
        followers = 0  # members that became no leader: leaders found after them have not seen them
        for by_seller in range(2):
            if by_seller:
                if not followers or _one_seller(seller, members):
                    break
                members = _by_seller(seller, members)
            count = 0
            for m in range(len(members)):
                row = members[m]
                if by_seller and (seller[row] == 0 or (m > 0 and seller[row] != seller[members[m - 1]])):
                    count = 0
                if by_seller and seller[row] == 0:
                    continue
                alike, kept = False, 0
                for k in range(count):
                    other = leaders[k]
                    copy, code = _equal(facts, row, other, _CONTENT), _equal(facts, row, other, _GTIN)
                    image = facts[row, _PHOTOS] > 0 and facts[other, _PHOTOS] > 0
                    image = image and nearest(phash, level, photo_bounds, row, other) <= FAR_64
                    if of_photo[bucket] and not image:
                        continue
                    pair = other * len(facts) + row
                    place = (pair * 0x9E3779B97F4A7C1 >> 20) & (places - 1)
                    text, wordy = 1.0 if copy and facts[row, _SIZE] > 0 else 0.0, False
                    if not copy:
                        reach = _most(facts, other, row)
                        alike_at_all = image or code or reach >= floor
                        if not alike_at_all and reach >= LOOSE:
                            wordy = cosine_of(said, said_bounds, square, norm, other, row) >= word_floor
                        if not (alike_at_all or wordy) or (small and found[place] == pair):
                            continue
                        text = jaccard(words, bounds, other, row)
                        if not alike_at_all:
                            wordy = text >= LOOSE
                        elif text < floor:
                            wordy = cosine_of(said, said_bounds, square, norm, other, row) >= word_floor
                    # A variant leads its own duplicates: the red mug must not stand between two blue ones.
                    same = bool(copy or (text >= close and conflict(variant, variant_bounds, other, row) < 0))
                    # Of a photo that hundreds show, most links would not be kept.
                    if same or ((text >= floor or wordy or image or code) and (small or kept < most)):
                        kept += 1
                        if n == len(left):
                            left, right, similarity = _grown(left), _grown(right), _grown(similarity)
                        left[n], right[n], similarity[n], found[place] = other, row, text, pair
                        n += 1
                    alike = alike or same
                    if copy:
                        break
                if (small or not alike) and count < limit:
                    leaders[count] = row
                    count += 1
                else:
                    followers += 1
    return left[:n], right[:n], similarity[:n]


@inner
def _one_seller(seller: np.ndarray, members: np.ndarray) -> bool:
    for row in members:  # noqa: SIM110
        if seller[row] != seller[members[0]]:
            return False
    return True


@making
def _by_seller(seller: np.ndarray, members: np.ndarray) -> np.ndarray:
    return taken(members, order_of(taken(seller, members)))


@making
def _grown(values: np.ndarray) -> np.ndarray:
    larger = np.empty(2 * len(values), values.dtype)
    for k in range(len(values)):
        larger[k] = values[k]
    return larger
