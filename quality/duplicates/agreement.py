"""What agrees on an edge, what the decision table makes of it, and what speaks against it. Edge by edge.

Thresholds act on stored columns alone: another one compares nothing anew.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.deduplicate_config import DeduplicateConfig

# What agrees, the strongest first: the rows of the decision table, and what only ever links.
TABLED = ("image_and_text", "equal_title", "equal_gtin", "text", "image")
AGREEMENTS = (*TABLED, "gtin", "resemblance")
REASONS = {
    "image_and_text": "photo and title agree",
    "equal_title": "titles are equal",
    "equal_gtin": "GTINs are equal, titles agree",
    "text": "titles agree",
    "image": "photos agree",
}  # of a drop, in words
VETOES = ("photo", "price", "wording", "set too large", "put back")  # of the decision; edges have kinds of variants
SELLERS = ("same_seller", "other_seller", "unknown_seller")


def agreement(edges: pa.Table, config: DeduplicateConfig) -> np.ndarray:
    """Say what agrees on each edge, as a place in AGREEMENTS; -1 where nothing does. [int8 (n,)]"""
    similarity = np.asarray(edges["text_similarity"])
    text = similarity >= np.float32(config.text_similarity)
    distance, bits = np.asarray(edges["image_distance"]), np.asarray(edges["image_bits"])
    coloured = _same_colour(edges, config)
    # 64 bits alone are right on the colour of studio photos one time in three: where no more is known, be strict.
    whole = (bits == 256) & (distance >= 0) & (distance <= config.image_distance) & coloured
    half = (bits == 64) & (distance >= 0) & (distance <= config.image_distance_64)
    image, both = whole | half, (whole | half) & text
    for apart, needed in config.text_beside_photo.items():
        near = (distance >= 0) & (distance * 64 <= apart * bits) & coloured
        both |= near & (similarity >= np.float32(needed))
    found = np.full(edges.num_rows, -1, np.int8)
    gtin = np.asarray(edges["equal_gtin"])
    holds = {"image_and_text": both, "equal_title": np.asarray(edges["equal_title"]), "equal_gtin": gtin & text,
             "text": text, "image": image, "gtin": gtin, "resemblance": resemblance(edges, config) >= 1}  # fmt: skip
    for place, name in reversed(list(enumerate(AGREEMENTS))):
        found[holds[name]] = place
    return found


def resemblance(edges: pa.Table, config: DeduplicateConfig) -> np.ndarray:
    """Add up what words and photos say: 1 is enough for a link, whether one says it alone or both together.

    Returns:
        [float64 (n,)] similarity of the words over what is enough of it, plus 1 for photos that agree, falling to 0
        for photos that are far apart.
    """
    words = np.asarray(edges["word_similarity"]).astype(np.float64)
    return np.asarray(words / config.links.word_similarity + nearness(edges, config))


def nearness(edges: pa.Table, config: DeduplicateConfig) -> np.ndarray:
    """Say how much photos say for a link: 1 where they agree, 0 where far apart or not known. [float64 (n,)]"""
    bits = np.asarray(edges["image_bits"])
    apart = np.asarray(edges["image_distance"]) * 64 / np.maximum(1, bits)
    far = config.links.image_far_64
    near = np.clip((far - apart) / max(1, far - config.image_distance_64), 0, 1)
    return np.asarray(np.where((bits > 0) & _same_colour(edges, config), near, 0.0))


def _same_colour(edges: pa.Table, config: DeduplicateConfig) -> np.ndarray:
    """Say where colours agree, or only the 64-bit hash is known, which says nothing of them. [bool (n,)]"""
    colour = np.asarray(pc.fill_null(edges["colour_distance"], np.inf))
    return np.asarray((colour <= config.colour_distance) | (np.asarray(edges["image_bits"]) != 256))


def dropping(edges: pa.Table, agrees: np.ndarray, config: DeduplicateConfig) -> np.ndarray:
    """Say which edges the decision table drops, where they are no variants. [bool (n,)]"""
    outcome = np.zeros((len(AGREEMENTS), len(SELLERS)), bool)
    for i, what in enumerate(TABLED):
        for j, who in enumerate(SELLERS):
            outcome[i, j] = getattr(getattr(config.table, what), who) == "drop"
    column = who_sells(edges)
    free = np.asarray(pc.is_null(edges["veto"]))
    return np.asarray(outcome[agrees, column] & (agrees >= 0) & free)


def who_sells(edges: pa.Table | pa.RecordBatch) -> np.ndarray:
    """Say who sells the two listings of each edge, as a place in SELLERS. [int64 (n,)]"""
    sellers = np.asarray(edges["same_seller"])
    return np.asarray(np.where(sellers == 1, 0, np.where(sellers == 0, 1, 2)))


def contradiction(edges: pa.Table, agrees: np.ndarray, config: DeduplicateConfig) -> np.ndarray:
    """Say where a text alone agrees and the photos show something else. [bool (n,)]

    Sellers name many things alike. A GTIN says more than a photo: two photos of one thing may be far apart.
    """
    by_text = np.isin(agrees, [AGREEMENTS.index(name) for name in ("equal_title", "text")])
    distance, bits = np.asarray(edges["image_distance"]), np.asarray(edges["image_bits"])
    return np.asarray(by_text & (distance > config.image_far * bits) & (bits > 0))


def rewording(edges: pa.Table, agrees: np.ndarray, config: DeduplicateConfig) -> np.ndarray:
    """Say where photo or GTIN agree and each title says a word that the other lacks. [bool (n,)]

    One seller shows raspberry and strawberry jam by one photo. Of listings of many sellers it says nothing: of those
    dropped in Shopee's (preset training) .982 are right with such words and .987 without, so that preset leaves it out.
    """
    asked = np.isin(agrees, [AGREEMENTS.index(name) for name in ("image_and_text", "equal_gtin", "image", "gtin")])
    return np.asarray(asked & np.asarray(pc.fill_null(edges["reworded"], False)) & config.words_apart)
