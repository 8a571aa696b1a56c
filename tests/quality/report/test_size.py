"""A catalog of ten million listings has many rules, categories and sellers; its page is sent by mail all the same."""

from __future__ import annotations

import io

import numpy as np
from eclip.beam_pipelines.assembly import PICTURES, REJECTED, _shown
from eclip.quality.report.data import (
    Answers,
    Cleaned,
    Duplicates,
    Listing,
    Margin,
    Misfit,
    Point,
    Predictions,
    PutBackShown,
    Rejected,
    ReportData,
    Retitled,
    Sweep,
)
from eclip.quality.report.page import render
from eclip.quality.report.thumbnail import thumbnail
from PIL import Image

MOST = 10_000_000  # bytes
TEXT = "<&\u202e" * 200


def noisy_picture() -> str:
    """A photo that JPEG cannot make small."""
    pixels = np.random.default_rng(0).integers(0, 256, (400, 400, 3), np.uint8)
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, "JPEG", quality=95)
    return thumbnail(sink.getvalue())


def listing(number: int) -> Listing:
    return Listing(id=f"L{number}", title=TEXT, seller=TEXT)


def test_the_page_of_a_huge_catalog_is_small(data: ReportData, changed, expectation, gate) -> None:
    counts = {f"rejected:rule_{n}": 10**7 for n in range(200)}
    records = [
        expectation(f"rule_{n}", "expect_column_values_to_not_be_null", {"column": f"column_{n}"}, why=TEXT, element_count=10**7,
                    unexpected_count=10**5)
        for n in range(2000)
    ]  # fmt: skip
    data = changed(data, "filter", counts=counts, gate=gate(*records), metrics={"rows_in": 2 * 10**9})
    retitled = Retitled(id="L1", before=TEXT, after=TEXT, rules=["markup"])
    near = [Margin(listing=listing(n), other=listing(n + 1), score=0.5, out=n % 2 == 0) for n in range(6)]
    attributes = [Answers(task=f"attribute {n}", answers=10**7, accepted=10**6, labels={TEXT + str(k): k for k in range(10)})
                  for n in range(500)]  # fmt: skip
    data = data.model_copy(
        update={
            "rejected": [Rejected(stage="filter", rule=f"rule_{n % 200}", listing=listing(n), detail=TEXT) for n in range(REJECTED)],
            "cleaned": [Cleaned(rule=f"rule_{n}", changed=10**6, samples=[retitled] * 3, removed=[(TEXT, 10**6)] * 12) for n in range(40)],
            "sweeps": [Sweep(key=f"filter.rule_{n}", points=[Point(value=k, rows=k) for k in range(12)], margin=near) for n in range(20)],
            "put_back": [PutBackShown(listing=listing(n), reason=TEXT, date="2026-11-25") for n in range(50)],
            "misfits": [Misfit(listing=listing(n), mismatch=0.9) for n in range(12)],
            "predictions": Predictions(tasks=attributes, clusters=dict.fromkeys(range(10_000), 5)),
            "losses": [(n, 1 / (n + 1)) for n in range(100_000)],
            "photos": {f"L{n}": noisy_picture() for n in range(1)} | dict.fromkeys((f"L{n}" for n in range(1, PICTURES)), noisy_picture()),
        }
    )  # fmt: skip
    page = render(data)
    assert page.count("data:image/jpeg") >= REJECTED
    assert len(page.encode()) < MOST


def test_pictures_are_bounded_whatever_there_is_to_show() -> None:
    rejected = [Rejected(stage="filter", rule="tiny_photo", listing=listing(n)) for n in range(10_000)]
    misfits = [Misfit(listing=listing(n), mismatch=0.9) for n in range(5_000, 5_012)]
    shown = _shown(Duplicates(), misfits, rejected, [], [])
    assert len(shown) == PICTURES
    assert shown[:12] == [f"L{n}" for n in range(5_000, 5_012)]
    assert PICTURES * len(noisy_picture()) < MOST * 0.8
