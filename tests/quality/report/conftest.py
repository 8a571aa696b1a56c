"""A report's data by hand: four stages that add up, a gate, hostile texts."""

from __future__ import annotations

from typing import Any

import pytest
from eclip.quality.report.data import (
    Answers,
    Dropped,
    Duplicates,
    DuplicateSet,
    Listing,
    Predictions,
    Rejected,
    ReportData,
    Retitled,
    StageFacts,
    Variants,
)

HOSTILE = "<script>alert(1)</script>\u202egnp.exe \x00\"'><img src=x onerror=alert(2)>" + "A" * 10_000


def expectation(
    rule: str, kind: str, kwargs: dict[str, Any], severity: str = "warning", **result: Any
) -> dict[str, Any]:
    """One entry of a validation result."""
    return {
        "success": result.pop("success", True),
        "expectation_config": {
            "type": kind,
            "kwargs": kwargs,
            "severity": severity,
            "meta": {
                "rule": rule,
                "dataset": result.pop("dataset", "listings"),
                "why": result.pop("why", ""),
            },
        },
        "result": result,
    }


def gate(*results: dict[str, Any], **failures: list[dict[str, Any]]) -> dict[str, Any]:
    """A validation result with the policy's verdict."""
    policy = {
        "passed": not failures.get("critical"),
        "failures": {s: failures.get(s, []) for s in ("critical", "warning", "info")},
        "not_evaluated": [],
        "vacuous": [],
        "left_out": [],
    }
    return {"success": all(r["success"] for r in results), "results": list(results), "eclip": policy}


def stage(
    name: str, rows_in: int, out: dict[str, int], counts: dict[str, int] | None = None, **more: Any
) -> StageFacts:
    """A stage that has been published."""
    metrics = {"rows_in": rows_in, "unaccounted_rows": 0, **more.pop("metrics", {})}
    verdict = more.pop("verdict", {"passed": True, "suite": "s", "failures": []})
    return StageFacts(
        name=name,
        state=more.pop("state", "done"),
        attempt="a1",
        rows=out,
        counts=counts or {},
        metrics=metrics,
        verdict=verdict,
        published_at="2026-11-21T02:14:02+00:00",
        seconds=1.5,
        **more,
    )


def stages() -> list[StageFacts]:
    """2,000 records, of which 1,412 stay."""
    filter_settings = {
        "min_side": 64,
        "max_aspect": 3.0,
        "min_characters": 3,
        "placeholder": {
            "min_listings": 5,
            "max_information": 1.5,
            "max_title_similarity": 0.3,
            "min_brands": 2,
        },
    }
    link, drop = "link", "drop"
    cell = {"same_seller": drop, "other_seller": link, "unknown_seller": link}
    table = dict.fromkeys(("image_and_text", "equal_title", "equal_gtin"), cell)
    table |= {name: dict.fromkeys(cell, link) for name in ("text", "image")}
    decide = {
        "text_similarity": 0.6,
        "image_distance": 32,
        "colour_distance": 12.0,
        "survivor": ["photo"],
        "table": table,
    }
    return [
        stage(
            "ingest",
            2000,
            {"listings": 1990, "rejected": 10},
            {"rejected:duplicate_id": 10},
            settings={"source": {"on_duplicate_id": "keep_first"}},
        ),
        stage(
            "clean",
            1990,
            {"listings": 1990, "rejected": 0},
            {"changed:markup": 120, "changed:whitespace": 300},
        ),
        stage(
            "filter",
            1990,
            {"listings": 1500, "rejected": 490},
            {"rejected:tiny_photo": 400, "rejected:short_title": 90},
            settings=filter_settings,
            gate=gate(
                expectation(
                    "title_present",
                    "expect_column_values_to_not_be_null",
                    {"column": "title"},
                    element_count=1500,
                    unexpected_count=0,
                )
            ),
        ),
        stage(
            "deduplicate",
            1500,
            {"listings": 1412, "duplicates": 88, "links": 7},
            {"duplicates:image_and_text": 88},
            settings=decide,
        ),
        stage("pairs", 1412, {"train": 1000, "val": 400}, metrics={"rows_skipped_no_photo": 12}),
        stage("pretrain", 0, {}, metrics={"rows_train": 1000, "photo_to_title_r1": 0.2}),
        stage("embed", 1990, {"embeddings": 1990, "rejected": 0}),
        stage("finetune", 0, {}),
        stage(
            "predict",
            1990,
            {"predictions": 10, "clusters": 1990},
            metrics={"rows_predictions": 10, "missing_predictions": 0, "share_accepted": 0.9},
        ),
    ]


@pytest.fixture
def data() -> ReportData:
    bad = Listing(id="<b>L1</b>", title=HOSTILE, seller=HOSTILE)
    return ReportData(
        name="hostile <name>",
        folder="/runs/demo",
        data={"listings": "/runs/demo/deduplicate/listings"},
        made_at="2026-11-21T02:14:02+00:00",
        config={"name": "demo", "source": {"path": "https://me:hunter2@example.org/x.csv?token=abc"}},
        versions={"eclip": "0.1.0"},
        stages=stages(),
        retitled=[Retitled(id="L2", before=HOSTILE, after="mug", rules=["markup"])],
        rejected=[
            Rejected(stage="filter", rule="tiny_photo", listing=bad, detail=HOSTILE),
            Rejected(stage="ingest", rule="duplicate_id", listing=bad, detail=HOSTILE),
        ],
        duplicates=Duplicates(
            cells={"image_and_text": {"same_seller": {"pairs": 90, "dropped": 88, "vetoed": 2}}},
            sizes={2: 80, 5: 2},
            links={"both": 5, "gtin": 2},
            vetoes={"colour": 2},
            sets=[
                DuplicateSet(
                    kept=bad,
                    dropped=[Dropped(listing=bad, rule="image_and_text", text_similarity=0.9, image_distance=3)],
                    more=4,
                )
            ],
            variants=[Variants(left=bad, right=bad, veto="colour", kind="both", similarity=0.8)],
        ),
        losses=[(10, 5.0), (20, 4.0), (30, float("nan"))],
        heads={"evaluated_on": "val", "tasks": {HOSTILE[:60]: {"trained": False, "reason": HOSTILE}}},
        predictions=Predictions(
            tasks=[Answers(task="category", answers=10, accepted=9, labels={HOSTILE: 9})],
            matches=5,
            matches_accepted=2,
            clusters={1: 4, 3: 2},
        ),
        photos={"<b>L1</b>": "data:image/jpeg;base64,AAAA", "L9": "https://example.org/x.jpg"},
    )


@pytest.fixture(name="expectation")
def _expectation():
    return expectation


@pytest.fixture(name="gate")
def _gate():
    return gate


def changed(data, name, **values):
    """The same data with a stage changed."""
    stages = [s.model_copy(update=values) if s.name == name else s for s in data.stages]
    return data.model_copy(update={"stages": stages})


@pytest.fixture(name="changed")
def _changed():
    return changed
