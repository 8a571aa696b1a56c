import pytest
from eclip.quality.report.data import Listing, Misfit
from eclip.quality.report.page import render


def with_metrics(data, **metrics):
    stages = [
        s.model_copy(update={"metrics": {**s.metrics, **metrics}}) if s.name == "filter" else s for s in data.stages
    ]
    return data.model_copy(update={"stages": stages})


def test_the_worst_pairs_are_shown_with_their_scores(data):
    misfits = [
        Misfit(listing=Listing(id="a", title="Oak <b>table</b>"), mismatch=0.93, kept=False),
        Misfit(listing=Listing(id="b", title="Red mug"), mismatch=0.41),
    ]
    page = render(with_metrics(data, pairs_scored=1900, share_mismatched=0.062).model_copy(update={"misfits": misfits}))
    assert "About 6.2% of 1,900 photos show something else than their titles say" in page
    assert "93.0% of random pairs fit better" in page
    assert "Oak &lt;b&gt;table" in page
    assert page.index("93.0%") < page.index("41.0%")
    assert '<a href="#misfits">' in page


@pytest.mark.parametrize(
    ("metrics", "says"),
    [
        ({"pairs_scored": 1900, "share_mismatched": 0.0}, "No pair stands out"),
        ({"pairs_scored": 0, "unscored": "11 listings with photo and title are under 200"}, "were not compared: 11"),
    ],
)
def test_it_is_said_why_none_is_shown(data, metrics, says):
    assert says in render(with_metrics(data, **metrics))


def test_where_nothing_was_scored_there_is_no_section(data):
    assert "misfits" not in render(data)
