"""Which rows are chosen to be shown."""

import pyarrow as pa
from eclip.beam_pipelines.exhibits import measured, misfits
from eclip.beam_pipelines.filter import SCORE_ROWS
from eclip.schemas.dataset import Dataset, PartWriter
from eclip.schemas.listing import LISTINGS, REJECTED
from eclip.schemas.storage import Storage


def dataset(place, contract, rows):
    found = Dataset(Storage(str(place)), 1)
    rows = [row for _, row in sorted((row["id"], row) for row in rows)]
    with PartWriter(found.part(0), contract, contract.schema) as writer:
        writer.write(pa.RecordBatch.from_pylist(rows, contract.schema))
    return found


def test_misfits_are_those_that_no_other_rule_rejects(tmp_path):
    scores = {"placeholder": 0.99, "wrong": 0.9, "swapped": 0.7, "right": 0.02, "unscored": None}
    lost = {"placeholder": "placeholder_photo", "swapped": "mismatched_photo"}
    everything = [{"id": name, "title": name.upper()} for name in scores]
    found = misfits(
        dataset(tmp_path / "scores", SCORE_ROWS, [{"id": name, "mismatch": value} for name, value in scores.items()]),
        dataset(tmp_path / "all", LISTINGS, everything),
        dataset(tmp_path / "kept", LISTINGS, [row for row in everything if row["id"] not in lost]),
        dataset(tmp_path / "rejected", REJECTED, [{"id": name, "rule": rule} for name, rule in lost.items()]),
    )
    assert [(each.listing.title, round(each.mismatch, 2), each.kept) for each in found] == [
        ("WRONG", 0.9, True),
        ("SWAPPED", 0.7, False),
    ]


def test_scores_come_from_the_profile_where_they_are_known():
    known = {"min": 0.0, "mean": 0.1, "max": 0.9}
    profile = {"columns": {"mismatch": known, "information": {"min": None, "mean": None, "max": None}, "title": {}}}
    assert [(each.name, each.highest) for each in measured(profile)] == [("mismatch", 0.9)]
    assert measured({}) == []
