from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from eclip.quality.duplicates.decision import Nodes
from eclip.quality.duplicates.edges import EDGES
from eclip.quality.noise import HOT, judge, mismatch_limits, score
from eclip.quality.report.sweep import (
    PAIR_SCORES,
    changed,
    dropped_at,
    margin,
    pairs_at,
    rejected_at,
    value_of,
    values_of,
)
from eclip.schemas.deduplicate_config import DeduplicateConfig
from eclip.schemas.filter_config import FilterConfig
from eclip.schemas.listing import LISTINGS

FILTER, PAIRS = FilterConfig(min_side=64), DeduplicateConfig()
RULES = {"filter.min_side": "tiny_photo", "filter.max_aspect": "odd_photo", "filter.min_characters": "short_title",
         "filter.mismatch.max_score": "mismatched_photo"}  # fmt: skip


def scored(rows: int = 300) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    draw = np.random.default_rng(0)
    listings = LISTINGS.conform(
        pa.RecordBatch.from_pylist(
            [
                {"id": f"{n:03d}", "title": "x" * int(draw.integers(0, 20)) or None, "width": int(draw.integers(10, 400)),
                 "height": int(draw.integers(10, 400)), "information": 1.0}
                for n in range(rows)
            ]
        )
    )  # fmt: skip
    mismatch = pa.array(draw.random(rows).astype(np.float32), mask=draw.random(rows) < 0.2)
    return listings, score(listings, HOT.empty_table(), mismatch)


def test_each_value_counts_what_the_rule_would_reject() -> None:
    listings, scores = scored()
    counts = rejected_at(scores.append_column("information", listings["information"]), FILTER)
    for key, rule in RULES.items():
        for value, rows in zip(values_of(key, FILTER), counts[key], strict=True):
            _, lost = judge(listings, scores, changed(key, value, FILTER))
            assert sum(rule in rules for rules in lost["rules"].to_pylist()) == rows, (key, value)


def test_the_worst_share_of_a_group_is_counted_at_every_value() -> None:
    listings, scores = scored()
    config = FilterConfig.model_validate({"mismatch": {"share": 0.1, "within": "catalog"}})
    known = np.asarray(pc.drop_null(scores["mismatch"]))
    worst = {"": float(np.sort(known)[-len(known) // 10])}
    farthest = mismatch_limits(listings, config.mismatch, worst)
    key = "filter.mismatch.max_score"
    counts = rejected_at(scores.append_column("information", listings["information"]), config, farthest)[key]
    for value, rows in zip(values_of(key, config), counts, strict=True):
        _, lost = judge(listings, scores, changed(key, value, config), worst)
        assert sum("mismatched_photo" in rules for rules in lost["rules"].to_pylist()) == rows > 0, value


def test_a_score_beside_a_limit_that_floats_round_is_counted_as_the_rule_judges_it() -> None:
    listings = LISTINGS.conform(pa.RecordBatch.from_pylist([{"id": "a", "title": "mug", "width": 1100, "height": 500}]))
    config = FilterConfig(max_aspect=2.2)
    scores = score(listings, HOT.empty_table(), pa.array([0.3], pa.float32()))
    counts = rejected_at(scores.append_column("information", listings["information"]), config)
    for key, rule in RULES.items():
        for value, rows in zip(values_of(key, config), counts[key], strict=True):
            _, lost = judge(listings, scores, changed(key, value, config))
            assert sum(rule in rules for rules in lost["rules"].to_pylist()) == rows, (key, value)


@pytest.mark.parametrize("key", [*RULES, *PAIR_SCORES, "filter.placeholder.min_listings"])
def test_the_value_in_force_is_among_those_tried(key: str) -> None:
    config = FILTER if key.startswith("filter") else PAIRS
    assert value_of(key, config) in values_of(key, config)
    other = values_of(key, config)[0]
    assert value_of(key, changed(key, other, config)) == other


def edges(pairs: int = 400, listings: int = 60) -> tuple[Nodes, np.ndarray, np.ndarray, pa.Table]:
    draw = np.random.default_rng(1)
    keys = {tuple(sorted(draw.choice(listings, 2, replace=False).tolist())) for _ in range(pairs)}
    left, right = (np.array([pair[k] for pair in sorted(keys)], np.int64) for k in (0, 1))
    n = len(left)
    names = [f"{k:03d}" for k in range(listings)]
    rows = {
        "left_id": [names[k] for k in left], "right_id": [names[k] for k in right],
        "text_similarity": draw.random(n), "word_similarity": draw.random(n), "image_distance": draw.integers(-1, 60, n),
        "image_bits": np.full(n, 256), "colour_distance": 10 * draw.random(n), "same_seller": draw.integers(-1, 2, n),
        "equal_title": draw.random(n) < 0.2, "equal_gtin": draw.random(n) < 0.1, "copy": np.zeros(n, bool),
        "reworded": draw.random(n) < 0.1, "veto": [None] * n,
    }  # fmt: skip
    table = pa.table({f.name: pa.array(rows[f.name]).cast(f.type) for f in EDGES}, schema=EDGES)
    nodes = Nodes(pa.array(names), np.zeros(listings, np.int64), np.arange(listings, dtype=np.uint64),
                  np.full(listings, -1), np.zeros(listings, bool))  # fmt: skip
    return nodes, left, right, table


def test_pairs_and_listings_dropped_at_each_value() -> None:
    nodes, left, right, table = edges()
    pairs, rows = pairs_at(table, PAIRS), dropped_at(nodes, left, right, table, PAIRS)
    now = {key: values_of(key, PAIRS).index(value_of(key, PAIRS)) for key in PAIR_SCORES}
    assert len({pairs[key][place] for key, place in now.items()}) == 1  # one decision, whatever is swept
    assert len({rows[key][place] for key, place in now.items()}) == 1
    assert (np.diff(pairs["deduplicate.text_similarity"]) <= 0).all()
    assert (np.diff(pairs["deduplicate.text_beside_photo"]) <= 0).all()
    assert (np.diff(pairs["deduplicate.image_distance"]) >= 0).all()
    assert all((rows[key] <= len(nodes.ids) - 1).all() for key in PAIR_SCORES)


def test_pairs_at_the_margin_are_those_that_the_next_value_decides_otherwise() -> None:
    *_, table = edges()
    for key, found in margin(table, PAIRS, 3).items():
        values, limit = values_of(key, PAIRS), value_of(key, PAIRS)
        beside = [values[k] for k in (values.index(limit) - 1, values.index(limit) + 1) if 0 <= k < len(values)]
        for row in found:
            one = pa.Table.from_pylist([{name: row[name] for name in EDGES.names}], EDGES)
            outcomes = [int(pairs_at(one, PAIRS)[key][values.index(value)]) for value in beside]
            assert int(row["drops"]) not in outcomes or len(set(outcomes)) == 2, key
    assert any(margin(table, PAIRS, 3).values())
