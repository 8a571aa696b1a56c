from __future__ import annotations

import pyarrow as pa
from eclip.quality.report.cleaning import in_force, most_removed, taken_out, trace
from eclip.quality.text.clean import clean_texts
from eclip.quality.text.rules import RULES

TITLES = ["HOT SALE!! Red&nbsp;mug", "🔥 Blue mug 🔥", "plain mug", None, "HOT SALE!! Green mug mug mug"]


def listings(titles: list[str | None]) -> pa.RecordBatch:
    ids = [str(n) for n in range(len(titles))]
    return pa.RecordBatch.from_pydict({"id": ids, "lang": pa.nulls(len(titles), pa.string())})


def test_the_changes_lead_from_the_raw_title_to_the_clean_one() -> None:
    texts = pa.array(TITLES, pa.string())
    changes = list(trace(texts, RULES, listings(TITLES)))
    cleaned = clean_texts(texts, list(RULES))[0].to_pylist()
    for row, title in enumerate(TITLES):
        mine = [change for change in changes if change.row == row]
        steps = [title, *(change.after for change in mine)]
        assert [change.before for change in mine] == steps[:-1]
        assert steps[-1] == cleaned[row]
    assert {change.rule for change in changes if change.row == 1} == {"pictures", "whitespace"}


def test_what_was_taken_out_is_counted() -> None:
    changes = [c for c in trace(pa.array(TITLES, pa.string()), RULES, listings(TITLES)) if c.rule == "seller_noise"]
    assert most_removed(changes, 5)[0] == ("HOT SALE!!", 2)
    assert taken_out("a b", "a c b") == ["+ c"]


def test_rules_of_ones_own_are_traced_and_missing_functions_left_out() -> None:
    own = {
        "sku": {"field": "title", "pattern": "SKU-[0-9]+", "replace": ""},
        "gone": {"field": "title", "use": "no_such_package.rules:f"},
        "brands": {"field": "brand", "pattern": "x", "replace": ""},
    }
    rules = in_force({"rules": ["markup", "sku", "gone", "brands"], "own": own})
    assert list(rules) == ["markup", "sku"]
    (change,) = trace(pa.array(["mug SKU-12"]), rules, listings(["mug SKU-12"]))
    assert (change.rule, change.after) == ("sku", "mug ")
