"""What the duplicate benchmark plants is what it says, and its judge knows right from wrong."""

from __future__ import annotations

import pytest
from eclip.examples.benchmarks.planted_titles import COPIES, Title, judge, plant

ROWS = [
    Title("a", "red mug", 1, "product", None),
    Title("b", "RED MUG", 1, "format", "a"),
    Title("c", "red mug", 1, "exact", "a"),
    Title("d", "blue mug", 2, "variant colour", "a"),
    Title("e", "oak table", 3, "product", None),
]


def test_every_kind_is_planted_and_names_its_original() -> None:
    titles = plant(3000, 0)
    assert plant(3000, 0) == titles != plant(3000, 1)
    assert len({t.id for t in titles}) == len(titles) == 3000
    by_id = {t.id: t for t in titles}
    assert {t.kind.split()[0] for t in titles} == {"product", "variant", *COPIES}
    for title in titles:
        original = by_id.get(title.of or "")
        if original:
            assert (original.product == title.product) == (title.kind in COPIES)
            assert (original.text == title.text) == (title.kind == "exact") or title.kind in ("format", "order")


@pytest.mark.parametrize("removed", ["bc", "ac", "ab"])
def test_all_rows_of_a_product_but_one_should_go_whichever_stays(removed: str) -> None:
    found = judge(ROWS, dict.fromkeys(removed, "1"))
    assert (found["precision"], found["recall"], found["variant"], found["largest"]) == (1, 1, 0, 3)


@pytest.mark.parametrize(
    ("removed", "precision", "recall", "variant", "exact"),
    [
        ("b", 1, 1 / 2, 0, 0),
        ("a", 1, 1 / 2, 0, 1),
        ("bcd", 2 / 3, 1, 1, 1),  # the variant was merged
        ("abc", 2 / 3, 1, 1, 0),  # the mug went for its variant: nothing of it is left
        ("bce", 2 / 3, 1, 0, 1),
        ("", 0, 0, 0, 0),
    ],
)
def test_a_product_that_is_lost_is_wrong(
    removed: str, precision: float, recall: float, variant: float, exact: float
) -> None:
    found = judge(ROWS, dict.fromkeys(removed, ""))
    assert (found["precision"], found["recall"], found["variant"], found["exact"]) == (
        precision,
        recall,
        variant,
        exact,
    )
