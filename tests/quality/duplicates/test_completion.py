"""What leaders leave open is compared: whoever survives, each group of duplicates keeps one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from eclip.quality.duplicates.completion import decide_completely
from eclip.quality.duplicates.decision import Nodes
from eclip.quality.duplicates.edges import EDGES
from eclip.quality.duplicates.find import find_duplicates
from eclip.schemas.deduplicate_config import DeduplicateConfig


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rule", ["cheapest", "newest"])
def test_one_of_each_group_survives_whoever_led_it(rule: str, seed: int) -> None:
    prices = np.random.default_rng(seed).permutation(60)
    df = pd.DataFrame(
        {
            "title": [f"{thing} 300 ml" for thing in ("velmo coffee mug", "ardon tea pot", "halden bowl") for _ in range(20)],
            "shop": "s", "price": prices, "updated_at": pd.Timestamp("2025-01-01") - pd.to_timedelta(prices, unit="D"),
        }
    )  # fmt: skip
    found = find_duplicates(df, seller="shop", config=DeduplicateConfig(survivor=[rule], leaders=2))  # type: ignore[list-item]
    best = df.groupby("title")["price"].idxmin()
    assert sorted(set(found.dropped["kept_id"])) == sorted(best)
    assert len(found.dropped) == 57


def test_only_pairs_that_are_open_are_compared_and_each_once() -> None:
    # l led a, b, c; a survives for its rank. b agrees with a; c, compared, does not, and stays.
    ids = pa.array(["a", "b", "c", "l", "x"])

    def edge(left: str, right: str, same: bool) -> dict[str, object]:
        return {"left_id": left, "right_id": right, "text_similarity": 1.0 if same else 0.2, "image_distance": -1,
                "image_bits": 0, "colour_distance": None, "same_seller": 1, "equal_title": same, "equal_gtin": False,
                "veto": None}  # fmt: skip

    edges = pa.Table.from_pylist([edge(m, "l", True) for m in "abc"], EDGES)
    nodes = Nodes(ids, np.array([0, 1, 1, 2, 1]), np.arange(5, dtype=np.uint64), np.full(5, -1), np.zeros(5, bool))
    asked: list[tuple[int, int]] = []

    def compare(left: np.ndarray, right: np.ndarray) -> pa.Table:
        asked.extend(zip(left.tolist(), right.tolist(), strict=True))
        names = ids.to_pylist()
        rows = [edge(names[a], names[b], names[b] == "b") for a, b in zip(left, right, strict=True)]
        return pa.Table.from_pylist(rows, EDGES)

    left, right = np.array([0, 1, 2]), np.array([3, 3, 3])
    found, left, right, edges = decide_completely(nodes, left, right, edges, DeduplicateConfig(), compare)
    assert asked == [(0, 1), (0, 2)]
    assert found.kept.tolist() == [0, 0, 2, 0, 4]
    assert len(edges) == len(left) == len(right) == 5
