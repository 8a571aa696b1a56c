from __future__ import annotations

import pytest
from eclip.schemas.config_file import load, parse
from eclip.schemas.errors import ConfigError


@pytest.mark.parametrize(
    ("section", "rule", "says"),
    [
        ("clean.own", {"id": "x", "pattern": "("}, "rule 'x': pattern '(' cannot be read: missing ): ((); patterns are RE2"),
        ("clean.own", {"id": "x", "pattern": "(?=a)"}, "rule 'x': pattern '(?=a)' cannot be read: invalid perl operator"),
        ("clean.own", {"id": "x", "pattern": "(a)", "replace": r"\2"}, r"rule 'x': replace '\2' does not fit pattern '(a)'"),
        ("clean.own", {"id": "x", "pattern": "a", "field": "titel"}, "clean.own.0.field: 'titel' is no text of a listing; did you mean 'title'?"),
        ("clean.own", {"id": "x", "pattern": "a", "field": "id"}, "'id' is no text of a listing"),
        ("clean.own", {"id": "x", "patern": "a"}, "clean.own.0.patern: unknown key; did you mean 'pattern'?"),
        ("clean.own", {"id": "x"}, "rule 'x' needs either a `pattern` or a `use`, found neither"),
        ("clean.own", {"id": "x", "pattern": "a", "use": "a:b"}, "found both"),
        ("clean.own", {"id": "x", "use": "a:b", "replace": "c"}, "`replace` belongs to a pattern"),
        ("clean.own", {"id": "x", "pattern": "a", "before": "markup", "after": "markup"}, "one place is enough"),
        ("clean.own", {"id": "Strip SKU", "pattern": "a"}, "an id is of small letters, digits and _"),
        ("clean.own", {"id": "x", "use": "mypkg.rules"}, "expected package.module:function"),
        ("clean.own", {"id": "x", "pattern": "a", "examples": [["a"]]}, "clean.own.0.examples.0"),
        ("filter.own", {"id": "x"}, "filter.own.0.use: is needed and is not there"),
        ("filter.own", {"id": "x", "use": "a:b", "examples": [[{"titel": "a"}, True]]}, "'titel' is not a column of a listing; did you mean 'title'?"),
        ("deduplicate.vetoes", {"id": "x", "pattern": "RAL (\\d+)"}, "a group is (?:…), the one that is said (?P<value>…)"),
        ("deduplicate.vetoes", {"id": "x", "pattern": "a", "field": "url"}, "'url' is no text that vetoes read"),
        ("deduplicate.vetoes", {"id": "x", "pattern": "a", "detail": "b"}, "deduplicate.vetoes.0.detail: unknown key"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rule_is_said(section: str, rule: dict[str, object], says: str) -> None:
    name, _, key = section.partition(".")
    with pytest.raises(ConfigError) as error:
        parse({"source": {"path": "x"}, name: {key: [rule]}})
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("section", "more"),
    [("clean.own", {"pattern": "a"}), ("filter.own", {"use": "a:b"}), ("deduplicate.vetoes", {"pattern": "a"})],
)
def test_two_rules_of_one_id_are_refused(section: str, more: dict[str, str]) -> None:
    name, _, key = section.partition(".")
    rules = [{"id": each, **more} for each in ("one", "two", "one")]
    with pytest.raises(ConfigError, match=f"{section}: two rules have the id 'one'"):
        parse({"source": {"path": "x"}, name: {key: rules}})


def test_a_rule_reads_as_yaml(tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "catalog.yaml"
    file.write_text(
        "source: {path: x}\nclean:\n  own:\n  - id: sku\n    pattern: 'SKU-(\\d+)'\n    replace: 'no. \\1'\n"
        "    examples: [[SKU-1, no. 1]]\ndeduplicate:\n  vetoes: [{id: ral, pattern: 'RAL (?P<value>\\d+)'}]\n"
    )
    config = load(file)
    assert (config.clean.own[0].pattern, config.clean.own[0].replace) == (r"SKU-(\d+)", r"no. \1")
    assert config.clean.own[0].examples == [("SKU-1", "no. 1")]
    assert config.deduplicate.vetoes[0].reading == r"RAL (?P<value>\d+)"
