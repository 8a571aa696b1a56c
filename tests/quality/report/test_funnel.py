import pytest
from eclip.quality.report.data import ReportData, StageFacts
from eclip.quality.report.funnel import funnel
from eclip.quality.report.page import render
from eclip.quality.report.verdict import headline, notices


def test_every_row_is_accounted_for(data):
    found = funnel(data)
    assert found.conserved
    assert [step.rows_out for step in found.steps] == [1990, 1990, 1500, 1412]
    for step in found.steps:
        assert step.rows_in == step.rows_out + sum(loss.rows for loss in step.losses)
    assert sum(rows for *_, rows, _ in found.parts) == 2000
    assert sum(width for *_, width in found.parts) == pytest.approx(100)


def test_the_largest_loss_comes_first(data):
    assert [loss.rule for loss in funnel(data).steps[2].losses] == ["tiny_photo", "short_title"]


def test_values_that_were_not_understood_are_counted(data, changed):
    assert funnel(data).steps[0].unread == ""
    told = changed(
        data, "ingest",
        metrics={**data.by_name["ingest"].metrics, "unread_price": 3, "unread_attributes": 1200, "unread_phash": 0},
    )  # fmt: skip
    said = funnel(told).steps[0].unread
    assert said == "Values not understood and left empty: 1,200 of attributes and 3 of price"
    assert said in render(told)


def test_a_row_that_is_lost_is_said(data, changed):
    found = funnel(changed(data, "filter", counts={"rejected:tiny_photo": 399, "rejected:short_title": 90}))
    assert not found.conserved
    assert "do not hold at filter" in found.sentence
    assert "≠" in found.steps[2].sum


def test_a_row_lost_between_two_stages_is_said(data, changed):
    lost = changed(data, "clean", metrics={"rows_in": 1989}, rows={"listings": 1989, "rejected": 0})
    found = funnel(lost)
    assert not found.conserved
    assert "ingest let 1,990 rows through" in found.steps[1].remark


def test_an_earlier_run_is_named_and_not_mixed_in(data, changed):
    stale = changed(data, "deduplicate", follows=False)
    found = funnel(stale)
    assert found.conserved
    assert [step.stage for step in found.fresh] == ["ingest", "clean", "filter"]
    assert sum(rows for *_, rows, _ in found.parts) == 2000
    assert "1,500 came out free of noise" in headline(stale, found.fresh)
    assert "deduplicate shows an earlier run" in notices(stale, found.fresh)[0][1]


def test_missing_answers_do_not_add_up():
    predict = StageFacts(
        name="predict",
        state="done",
        attempt="a",
        rows={"clusters": 5},
        metrics={"rows_in": 5, "missing_predictions": 2},
    )
    found = funnel(ReportData(stages=[predict]))
    assert not found.conserved
    assert found.learning[0].remark == "2 answers are missing"
