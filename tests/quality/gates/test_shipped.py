"""A rule that nothing can break guards nothing: each rule of each shipped suite beside what breaks it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from eclip.quality.gates.judge import judge
from eclip.quality.gates.measure import Measure
from eclip.quality.gates.rule import KEYS, METRICS, Rule
from eclip.quality.gates.suite import MAIN, load_suite
from eclip.quality.gates.verdict import Verdict
from eclip.schemas.listing import LISTINGS, PAIRS
from eclip.schemas.prediction import CLUSTERS, PREDICTIONS, embeddings

CONTRACTS = {
    "listings": LISTINGS, "train": PAIRS, "embeddings": embeddings(4), "predictions": PREDICTIONS, "clusters": CLUSTERS,
}  # fmt: skip
ROWS = 40
GOOD: dict[str, dict[str, Any]] = {  # a row of each dataset
    "listings": {"title": "Red mug", "lang": "en", "price": 3.5, "category": "Home > Mugs", "group_id": "g", "image_sha": "f",
                 "width": 300, "information": 3.0},
    "train": {"group_id": "g", "category": "Home > Mugs"},
    "embeddings": {},
    "predictions": {"score": 0.9, "accepted": True},
    "clusters": {},
}  # fmt: skip
STEADY = {"row_ratio": 1.0, "largest_psi": 0.05}  # beside the baseline
FIGURES: dict[str, dict[str, float | int | None]] = {
    "ingest": {"unaccounted_rows": 0, "share_rejected": 0.01, **STEADY, "share_new_category": 0.0,
               "share_vanished_category": 0.0, "share_vanished_seller": 0.0},
    "clean": {"unaccounted_rows": 0, "share_changed": 0.25, "share_changed_kept_unemptied": 0.001, "psi_lang": 0.01},
    "filter": {"unaccounted_rows": 0, "share_rejected": 0.1, "share_mismatched": 0.01, **STEADY},
    "deduplicate": {"unaccounted_rows": 0, "share_duplicates": 0.05, "largest_duplicate_set": 4, "refused_by_size": 0,
                    "kept_of_large_sets": 0,
                    "share_largest_family": 0.01, **STEADY},
    "pairs": {"unaccounted_rows": 0, "families_across_splits": 0, "rows_train": 5000, "rows_val": 1000},
    "pretrain": {"loss_finite": 1, "loss_first": 7.0, "loss_last": 1.0, "photo_to_title_r10": 0.8, "retrieval_above_chance": 14.0,
                 "retrieval_lead": 0.1, "prompt_category_gain": 0.5},
    "embed": {"unaccounted_rows": 0, "share_with_text": 1.0, "share_with_image": 0.9, "vectors_off_length": 0,
              "mean_pairwise_cosine": 0.2, "vectors_not_finite": 0, "dimension": 128},
    "finetune": {"rows_in": 1000, "heads_trained": 5, "category_gain": 0.5, "attributes_gain": 0.4, "adult_gain": 0.3,
                 "category_lead": 0.1, "attributes_lead": 0.1, "adult_lead": 0.1, "matching_lead": 0.1, "clustering_lead": 0.1},
    "predict": {"missing_predictions": 0, "missing_clusters": 0, "refused_by_size": 0, "share_largest_cluster": 0.01, "psi_label": 0.02},
}  # fmt: skip
NONE: dict[str, Any] = {"rows": 0}  # no row at all
TWICE = {"id": "one"}  # on every row
IDS = {"rows_present": NONE, "id_present": {"id": None}, "id_unique": TWICE}
LOST = {"rows_accounted": {"unaccounted_rows": 1}}
MOVED = {"rows_against_baseline": {"row_ratio": 0.4}, "drift": {"largest_psi": 0.3}}
# What breaks a rule: other values on every row, or another figure.
BREAKS: dict[str, dict[str, dict[str, Any]]] = {
    "ingest": {**IDS, **LOST, "share_rejected": {"share_rejected": 0.06}, "title_present": {"title": None},
               "title_length": {"title": "A"}, "photo_decodes": {"image_error": "the file is empty"}, "price_range": {"price": 0.0},
               "category_present": {"category": None}, **MOVED, "new_categories": {"share_new_category": 0.2},
               "vanished_categories": {"share_vanished_category": 0.2}, "vanished_sellers": {"share_vanished_seller": 0.3}},
    "clean": {**IDS, **LOST, "share_changed": {"share_changed": 0.6}, "kept_unemptied": {"share_changed_kept_unemptied": 0.02},
              "title_present": {"title": None}, "title_length": {"title": "A" * 301}, "title_without_html": {"title": "<b>Mug</b>"},
              "title_without_mojibake": {"title": "CafÃ© mug"}, "title_without_links": {"title": "Mug www.shop.example"},
              "lang_known": {"lang": None}, "language_mix": {"psi_lang": 0.4}},
    "filter": {**IDS, **LOST, "rows_left": {"share_rejected": 0.96}, "share_rejected": {"share_rejected": 0.4},
               "share_mismatched": {"share_mismatched": 0.08}, "title_present": {"title": None}, "photo_side": {"width": 16},
               "photo_information": {"information": 0.0}, "photo_present": {"image_sha": None}, **MOVED},
    "deduplicate": {**IDS, **LOST, "group_id_present": {"group_id": None}, "share_duplicates": {"share_duplicates": 0.6},
                    "largest_duplicate_set": {"largest_duplicate_set": 501}, "sets_whole": {"kept_of_large_sets": 1}, "families_whole": {"refused_by_size": 1},
                    "share_largest_family": {"share_largest_family": 0.06}, "title_present": {"title": None}, **MOVED},
    "pairs": {"rows_present": NONE, "id_present": {"id": None}, **LOST, "group_id_present": {"group_id": None},
              "families_apart": {"families_across_splits": 1}, "train_size": {"rows_train": 999}, "val_size": {"rows_val": 99},
              "category_present": {"category": None}},
    "pretrain": {"loss_finite": {"loss_finite": 0}, "loss_fell": {"loss_last": 7.5}, "retrieval_measured": {"photo_to_title_r10": None},
                 "retrieval_above_chance": {"retrieval_above_chance": 1.1}, "prompt_category_gain": {"prompt_category_gain": 0.0},
                 "retrieval_lead": {"retrieval_lead": -0.1}},
    "embed": {**IDS, **LOST, "share_with_text": {"share_with_text": 0.8}, "share_with_image": {"share_with_image": 0.4},
              "vectors_off_length": {"vectors_off_length": 1}, "not_collapsed": {"mean_pairwise_cosine": 0.99},
              "vectors_finite": {"vectors_not_finite": 1}, "dimension": {"dimension": 1}},
    "finetune": {"rows_present": {"rows_in": 0}, "heads_trained": {"heads_trained": 0},
                 **{f"{task}_gain": {f"{task}_gain": 0.0} for task in ("category", "attributes", "adult")},
                 **{f"{task}_lead": {f"{task}_lead": -0.1} for task in ("category", "attributes", "adult", "matching", "clustering")}},
    "predict": {"rows_present": NONE, "predictions_complete": {"missing_predictions": 1}, "clusters_complete": {"missing_clusters": 1},
                "score_present": {"score": None}, "accepted_share": {"accepted": False}, "clusters_whole": {"refused_by_size": 1},
                "share_largest_cluster": {"share_largest_cluster": 0.06}, "class_distribution": {"psi_label": 0.3}},
}  # fmt: skip
RULES = [(stage, rule) for stage in MAIN for rule in load_suite(stage).rules]


def judged(stage: str, rule: Rule, changes: dict[str, Any]) -> Verdict:
    """The verdict of one rule on good rows and figures, some of them changed."""
    suite = replace(load_suite(stage), rules=(rule,))
    if rule.dataset == METRICS:
        assert set(changes) <= set(FIGURES[stage])
        return judge(suite, {}, FIGURES[stage] | changes)
    row = GOOD[rule.dataset] | {name: value for name, value in changes.items() if name != "rows"}
    rows = [{"id": f"{n:02d}", **row} for n in range(changes.get("rows", ROWS))]
    measure = Measure([rule], KEYS[rule.dataset])
    contract = CONTRACTS[rule.dataset]
    measure.add(contract.conform(pa.RecordBatch.from_pylist(rows)) if rows else contract.empty())
    return judge(suite, {rule.dataset: measure.partial()}, {})


@pytest.mark.parametrize(("stage", "rule"), RULES, ids=[f"{stage}-{rule.id}" for stage, rule in RULES])
def test_every_shipped_rule_holds_on_good_rows_and_can_be_broken(stage: str, rule: Rule) -> None:
    good = judged(stage, rule, {})
    assert not good.failures
    assert not good.result["eclip"]["vacuous"]
    [failure] = judged(stage, rule, BREAKS[stage][rule.id]).failures
    assert (failure.rule, failure.severity) == (rule.id, rule.severity)
    assert "could not be evaluated" not in failure.message


@pytest.mark.parametrize("stage", MAIN)
def test_no_broken_rule_is_one_that_is_gone(stage: str) -> None:
    assert set(BREAKS[stage]) == {rule.id for rule in load_suite(stage).rules}


def test_no_shipped_limit_lies_beyond_what_a_stage_lets_through() -> None:
    """Guards cap these figures, so that no limit on them is ever reached; the gate looks at what the guards refused."""
    figures = {(stage, name) for stage, rule in RULES if rule.dataset == METRICS for name in rule.columns}
    assert not figures & {
        ("deduplicate", "largest_family"),
        ("predict", "largest_cluster"),
        ("clean", "share_rejected"),
    }
    assert {("deduplicate", "refused_by_size"), ("predict", "refused_by_size")} <= figures


def test_columns_that_the_contract_makes_are_not_asked_for() -> None:
    for stage, rule in RULES:
        asked = rule.type == "expect_column_to_exist"
        assert not asked or rule.columns[0] not in CONTRACTS[rule.dataset].schema.names, f"{stage}: {rule.id}"
