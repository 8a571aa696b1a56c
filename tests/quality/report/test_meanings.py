import pytest
from eclip.quality.noise import RULES as FILTERS
from eclip.quality.report.data import Measured
from eclip.quality.report.meanings import CLEANING, cleans, meaning, score
from eclip.quality.report.page import render
from eclip.quality.text.chain import KEPT_RESTLESS
from eclip.quality.text.clean import KEPT_UNEMPTIED
from eclip.quality.text.rules import RULES
from eclip.schemas.config import Config
from eclip.schemas.filter_config import FilterConfig

OWN = {"own": {"strip_sku": {"field": "title", "pattern": "SKU-[0-9]+", "replace": "", "language": "de", "use": None}}}


def test_every_cleaning_rule_has_a_meaning():
    assert set(CLEANING) == {*RULES, KEPT_UNEMPTIED, KEPT_RESTLESS}


@pytest.mark.parametrize("rule", FILTERS)
def test_every_filter_rule_has_a_meaning_with_its_limits(rule):
    said = meaning("filter", rule, FilterConfig().model_dump())
    assert said.endswith(".")
    assert "limit in force" not in said


@pytest.mark.parametrize(
    ("mismatch", "said"),
    [
        ({"max_score": 0.5, "share": 0.0}, "better than the 50% allowed."),
        ({"max_score": 1.0, "share": 0.02, "within": "category"}, "better than of all but the worst 2.0% of each category."),
        ({}, "better than filter.mismatch allows."),
    ],
)  # fmt: skip
def test_a_mismatch_names_what_is_allowed(mismatch, said):
    assert meaning("filter", "mismatched_photo", {"mismatch": mismatch}).endswith(said)


def test_rules_of_ones_own_are_named_as_such():
    assert cleans("strip_sku", OWN) == "a rule of one’s own: SKU-[0-9]+ is taken out of title, of listings in de"
    assert cleans("units", {"own": {"units": {"use": "mypkg.rules:units"}}}) == "a rule of one’s own: mypkg.rules:units"
    assert meaning("filter", "no_samples", {"own": {"no_samples": {"use": "mypkg.rules:is_sample", "detail": ""}}}) == (
        "A rule of one’s own: mypkg.rules:is_sample."
    )
    said = meaning("filter", "no_samples", {"own": {"no_samples": {"use": "m:f", "detail": "it is a sample"}}})
    assert said == "it is a sample"


def test_a_rule_of_ones_own_stands_on_the_page_made_harmless(data, changed):
    own = {"bold": {"field": "title", "pattern": "</?b|i>", "replace": ""}}
    page = render(changed(data, "clean", settings={"own": own}, counts={"changed:bold": 7, "changed:contacts": 2}))
    assert "a rule of one’s own: &lt;/?b|i&gt; is taken out of title" in page
    assert "links, e-mail addresses" in page


@pytest.mark.parametrize(
    ("keep", "said"), [(True, "as it came stays"), (False, "as it came, personal data apart, stays")]
)
def test_it_is_said_what_became_of_the_raw_title(data, changed, keep, said):
    assert said in render(changed(data, "ingest", settings={"keep_raw": keep}))


def test_scores_stand_beside_their_limits(data):
    scores = [Measured(name="mismatch", lowest=0, mean=0.066, highest=0.88),
              Measured(name="photo_min_side", lowest=69, mean=1196.01, highest=2600)]  # fmt: skip
    page = render(data.model_copy(update={"measured": scores}))
    assert "at least 64" in page
    assert "1,196" in page
    assert score("mismatch", Config.model_fields["filter"].default.model_dump()) == (
        "share of random pairs that fit better, 0 to 1",
        "none",
    )
    assert score("mismatch", {"mismatch": {"max_score": 0.5}})[1] == "at most 0.5"
