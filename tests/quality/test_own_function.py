from __future__ import annotations

import pickle
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from eclip.quality.own_function import OwnFunction, content_hash
from eclip.schemas.errors import ConfigError, RuleError

MODULE = """
import pyarrow as pa
import pyarrow.compute as pc

WORDS = ["a"]


class Rules:
    @staticmethod
    def upper(texts):
        return pc.utf8_upper(texts)


def upper(texts):
    return pa.chunked_array([pc.utf8_upper(texts).cast(pa.large_string())])


def fussy(texts):
    if "bad" in texts.to_pylist():
        raise ValueError("what is bad?")
    return texts


def shorter(texts):
    return texts.filter(pc.not_equal(texts, "bad"))


def lengths(texts):
    return pc.utf8_length(texts)


def listed(texts):
    return texts.to_pylist()


def unlike(texts):
    if len(set(texts.to_pylist())) > 2:
        raise ValueError("too many")
    return texts
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A package that nobody else imports."""
    folder = tmp_path / "site" / f"own_{abs(hash(request.node.name))}"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "rules.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(folder.parent))
    return folder


def function(package: Path, name: str, returns: pa.DataType | None = None) -> OwnFunction:
    return OwnFunction.of("clean.own.x", f"{package.name}.rules:{name}", returns or pa.string())


def test_it_answers_and_travels(package: Path) -> None:
    texts = pa.array(["a", None, "é"])
    for name in ("upper", "Rules.upper"):
        own = function(package, name)
        assert own(texts, texts).to_pylist() == ["A", None, "É"]
        again = pickle.loads(pickle.dumps(own))
        assert "function" not in again.__dict__  # it is imported where it arrives
        assert again(texts, texts).equals(own(texts, texts))
    assert own(texts.slice(0, 0), texts).type == pa.string()  # never asked about nothing


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("fussy", "raised ValueError: what is bad?; first on listing 'id6': 'bad'"),
        ("shorter", "gave back 9 values for 10, expected one for each; first on listing 'id6': 'bad'"),
        ("lengths", "gave back values of type int32, expected string"),
        ("listed", "gave back a list, expected a pyarrow Array of string"),
        ("unlike", "raised ValueError: too many"),
    ],
)
def test_a_failure_names_the_first_row_where_there_is_one(package: Path, name: str, says: str) -> None:
    texts = pa.array([f"t{n}" if n != 6 else "bad" for n in range(10)])
    ids = pa.array([f"id{n}" for n in range(10)])
    with pytest.raises(RuleError) as error:
        function(package, name)(texts, ids)
    assert str(error.value) == f"clean.own.x: {package.name}.rules:{name} {says}"


@pytest.mark.parametrize(
    ("use", "says"),
    [
        ("no_such_package.rules:f", "there is no package 'no_such_package'; install it"),
        ("{}.nothing:f", "cannot be imported: ModuleNotFoundError"),
        ("{}.rules:uper", "there is no 'uper'; did you mean 'upper'?"),
        ("{}.rules:WORDS", "is a list, expected a function"),
        ("__main__:f", "there is no"),
    ],
)
def test_what_cannot_be_used_is_said(package: Path, use: str, says: str) -> None:
    with pytest.raises(ConfigError, match=r"clean\.own\.x") as error:
        _ = OwnFunction.of("clean.own.x", use.format(package.name), pa.string()).function
    assert says in str(error.value)


def test_a_package_that_breaks_when_it_is_imported_is_said(package: Path) -> None:
    (package / "rules.py").write_text("1 / 0")
    with pytest.raises(ConfigError, match="ZeroDivisionError"):
        _ = function(package, "upper").function


def test_every_file_of_the_package_counts_but_compiled_and_hidden_ones(package: Path) -> None:
    use = f"{package.name}.rules:upper"
    before = content_hash("x", use)
    for name in ("__pycache__/rules.cpython-311.pyc", ".cache"):
        (package / name).parent.mkdir(exist_ok=True)
        (package / name).write_text("x")
    assert content_hash("x", use) == before
    (package / "words.txt").write_text("offer")
    after = content_hash("x", use)
    assert after != before
    (package / "words.txt").rename(package / "other.txt")
    assert content_hash("x", use) not in (before, after)
    (package.parent / "alone_module.py").write_text("def f(t): return t")
    assert content_hash("x", "alone_module:f") != content_hash("x", "builtins:len")


def test_another_version_than_the_run_was_planned_with_is_refused(package: Path) -> None:
    own = pickle.loads(pickle.dumps(function(package, "upper")))
    (package / "rules.py").write_text(MODULE.replace("upper(texts)", "lower(texts)"))
    sys.modules.pop(f"{package.name}.rules", None)
    with pytest.raises(ConfigError, match="is not the one that the run was planned with"):
        own(pa.array(["a"]), pa.array(["1"]))
