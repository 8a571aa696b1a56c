"""What the decision tells beside the decisions."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from eclip.beam_pipelines.decision_work import Places, _figures
from eclip.quality.duplicates.decision import Nodes, decide
from eclip.quality.duplicates.edges import EDGES
from eclip.quality.report.decision_table import kept_apart
from eclip.schemas.deduplicate_config import DeduplicateConfig
from eclip.schemas.errors import SourceError


def test_two_ids_of_one_hash_are_named() -> None:
    ids = pa.array(["a", "b", "c"])
    assert Places(np.array([5, 3, 9], np.uint64), ids).of(np.array([9, 5], np.uint64)).tolist() == [2, 0]
    with pytest.raises(SourceError, match="ids 'a' and 'c' have one 64-bit hash"):
        Places(np.array([5, 3, 5], np.uint64), ids)


def test_pairs_that_price_and_size_keep_apart_are_counted_by_cell() -> None:
    plain = {"text_similarity": 0.9, "word_similarity": 0.0, "image_distance": 4, "image_bits": 256,
             "colour_distance": 0.0, "equal_title": False, "equal_gtin": False}  # fmt: skip
    rows = [
        *({"left_id": "a", "right_id": n, "same_seller": 1} for n in "bcde"),  # a set of five
        {"left_id": "f", "right_id": "g", "same_seller": 1},  # priced apart
        {"left_id": "f", "right_id": "h", "same_seller": 0},  # a link by the table
        {"left_id": "g", "right_id": "h", "same_seller": 1, "veto": "colour"},  # told by the edge
    ]
    edges = pa.Table.from_pylist([{**plain, **row} for row in rows], EDGES)
    ids = list("abcdefgh")
    price = np.array([1.0] * 6 + [9.0, 1.0])
    zeros = np.zeros(8, np.int64)
    nodes = Nodes(pa.array(ids), zeros, np.arange(8, dtype=np.uint64), zeros - 1, zeros > 0, price)
    left, right = (np.array([ids.index(row[side]) for row in rows]) for side in ("left_id", "right_id"))
    found = decide(nodes, left, right, edges, DeduplicateConfig(price_ratio=3, max_set=3))
    figures = _figures(found, edges)
    assert figures["kept_of_large_sets"] == 4
    assert kept_apart(figures) == {"image_and_text": {"same_seller": {"vetoed": 5}}}
