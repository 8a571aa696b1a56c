"""Expectation types of one's own, and patterns that RE2 cannot run: both judged by Great Expectations' own code."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from eclip.quality.gates import tally
from eclip.quality.gates.gate import gate
from eclip.quality.gates.judge import judge
from eclip.quality.gates.masks import runs_in_re2
from eclip.quality.gates.measure import Measure, merge
from eclip.quality.gates.suite import load_suite
from eclip.schemas.errors import ConfigError

CODE = """
from typing import ClassVar, Tuple
import numpy as np
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics import ColumnMapMetricProvider, column_condition_partial

class _Vector(ColumnMapMetricProvider):
    condition_metric_name = "column_values.own_vector"
    condition_value_keys = ("dim",)

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column, dim, **kwargs):
        return column.map(lambda v: len(v) == dim and bool(np.isfinite(np.asarray(v, "float64")).all()))

class ExpectColumnValuesToBeOwnVector(ColumnMapExpectation):
    dim: int
    map_metric: ClassVar[str] = "column_values.own_vector"
    success_keys: ClassVar[Tuple[str, ...]] = ("dim", "mostly")
    domain_keys: ClassVar[Tuple[str, ...]] = ("batch_id", "table", "column", "row_condition", "condition_parser")
    args_keys: ClassVar[Tuple[str, ...]] = ("column", "dim")

class Unfit:
    pass
"""
USE = "gatesown.rules:ExpectColumnValuesToBeOwnVector"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "gatesown").mkdir()
    (tmp_path / "gatesown" / "__init__.py").write_text("")
    (tmp_path / "gatesown" / "rules.py").write_text(CODE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path / "gatesown"
    for name in [name for name in sys.modules if name.startswith("gatesown")]:
        del sys.modules[name]


def suite(use: Any = (USE,), **kwargs: Any) -> dict[str, Any]:
    rule = {"type": "expect_column_values_to_be_own_vector", "kwargs": {"column": "vector", "dim": 2, **kwargs},
            "meta": {"rule": "vectors"}}  # fmt: skip
    return {"name": "mine", "expectations": [rule], "meta": {"use": list(use)}}


VECTORS = {"id": list("abcde"), "vector": [[1.0, 2.0], [1.0], None, [1.0, float("nan")], [0.0, 0.0]]}


@pytest.mark.usefixtures("package")
def test_a_type_of_ones_own_is_judged_as_great_expectations_does(plain_gx: Any) -> None:
    loaded = load_suite(suite())
    verdict = gate(pa.table(VECTORS), suite())
    [ours] = verdict.result["results"]
    theirs = plain_gx(pd.DataFrame(VECTORS), loaded)["vectors"]
    for key in ("element_count", "missing_count", "unexpected_count", "unexpected_percent"):
        assert ours["result"][key] == theirs["result"][key]
    assert ours["success"] is theirs["success"] is False
    assert verdict.failures[0].message == "vectors: 2 of 4 values of vector break it (50.0%), none allowed"
    assert verdict.failing_rows is not None
    assert verdict.failing_rows["id"].to_pylist() == ["b", "d"]
    assert gate(pa.table(VECTORS), suite(mostly=0.5)).passed


@pytest.mark.usefixtures("package")
def test_it_may_look_at_some_rows_only(plain_gx: Any) -> None:
    mine = suite(row_condition="id > 'b'", condition_parser="pandas")
    [ours] = gate(pa.table(VECTORS), mine).result["results"]
    theirs = plain_gx(pd.DataFrame(VECTORS), load_suite(mine))["vectors"]
    for key in ("element_count", "missing_count", "unexpected_count", "unexpected_percent"):
        assert ours["result"][key] == theirs["result"][key]
    assert (ours["result"]["element_count"], ours["result"]["unexpected_count"]) == (3, 1)


@pytest.mark.usefixtures("package")
def test_it_is_measured_shard_by_shard() -> None:
    loaded = load_suite(suite())
    table = pa.table(VECTORS)
    parts = []
    for rows in ([0, 1], [2], [3, 4]):
        measure = Measure(loaded.of("listings"), "id")
        for batch in table.take(rows).to_batches():
            measure.add(batch)
        parts.append(json.loads(json.dumps(measure.partial())))
    assert merge(parts)["rules"]["vectors"]["unexpected"] == 2


def test_a_changed_package_is_another_suite(package: Path) -> None:
    before = load_suite(suite())
    (package / "rules.py").write_text(CODE + "\n# changed\n")
    after = load_suite(suite())
    assert before.hash != after.hash
    assert before.measured != after.measured


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("use", "says"),
    [
        (["gatesown.rules:ExpectColumnValuesToBeOwnVectr"], "did you mean 'ExpectColumnValuesToBeOwnVector'"),
        (["gatesown.rules:Unfit"], "no subclass of Great Expectations' ColumnMapExpectation"),
        (["gatesown.nowhere:X"], "cannot be imported"),
        (["gatesown.rules"], "expected package.module:Class"),
        (["json:JSONDecoder"], "no subclass"),
        ([3], "expected a list"),
        ([], "cannot be measured on a dataset"),
    ],
)
def test_what_cannot_be_used_is_refused(use: list[Any], says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)):
        load_suite(suite(use))


@pytest.mark.usefixtures("package")
def test_one_that_raises_counts_as_not_evaluated() -> None:
    verdict = gate(pa.table({"id": ["a"], "vector": [3]}), suite())
    assert not verdict.passed
    assert "could not be evaluated" in verdict.failures[0].message
    assert "len()" in verdict.failures[0].message


PATTERNS = ["(?<=a)b", "a(?=1)", "a(?!1)", r"(.)\1", "(?<!x)1"]
TEXTS = ["ab", "a1", "a2", "xx", "a" * 1001, "x1", "1", "", None]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("kind", ["match_regex", "not_match_regex"])
def test_a_pattern_that_re2_cannot_run_is_left_to_great_expectations(
    pattern: str, kind: str, plain_gx: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not runs_in_re2(pattern)
    raw = {"name": "x", "expectations": [
        {"type": f"expect_column_values_to_{kind}", "kwargs": {"column": "t", "regex": pattern}, "meta": {"rule": "r"}}]}  # fmt: skip
    monkeypatch.setattr(tally, "unexpected", lambda *_: pytest.fail("told by a mask"))
    frame = pd.DataFrame({"id": [str(n) for n in range(len(TEXTS))], "t": TEXTS})
    ours = gate(frame, raw).result["results"][0]["result"]
    theirs = plain_gx(frame, load_suite(raw))["r"]["result"]
    assert {k: ours[k] for k in ("unexpected_count", "missing_count", "element_count")} == {
        k: theirs[k] for k in ("unexpected_count", "missing_count", "element_count")
    }


def test_what_its_code_cannot_run_either_is_not_evaluated() -> None:
    raw = {"name": "x", "expectations": [
        {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "t", "regex": "a{1001}"},
         "severity": "info", "meta": {"rule": "r"}}]}  # fmt: skip
    verdict = gate(pa.table({"id": ["a"], "t": ["a" * 1001]}), raw)
    assert not verdict.passed
    assert "could not be evaluated" in verdict.failures[0].message
    assert "repetition" in verdict.failures[0].message


def test_a_custom_type_on_a_column_that_is_gone_stops(package: Path) -> None:
    loaded = load_suite(suite())
    measure = Measure(loaded.of("listings"), "id")
    measure.add(pa.record_batch({"id": ["a"]}))
    verdict = judge(loaded, {"listings": measure.partial()}, {})
    assert "there is no column 'vector'" in verdict.failures[0].message
    assert package.exists()


def test_no_shipped_suite_needs_it() -> None:
    """Great Expectations takes seconds to import: workers of a plain run do without."""
    from eclip.quality.gates.suite import shipped

    for stage in shipped():
        assert not [r.id for r in load_suite(stage).rules if r.dataset != "metrics" and r.kind.over == "pandas"]
    assert np.isfinite(1.0)
