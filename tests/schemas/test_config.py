from __future__ import annotations

from pathlib import Path

import pytest
from driver import ROOT
from eclip.schemas.config import Config, SourceConfig
from eclip.schemas.config_file import load, parse
from eclip.schemas.errors import ConfigError


def written(folder: Path, text: str) -> Path:
    file = folder / "catalog.yaml"
    file.write_text(text)
    return file


def test_the_documented_configuration_is_the_default() -> None:
    documented = load(ROOT / "examples/catalog.yaml").model_dump(exclude={"source", "run"})
    default = Config(source=SourceConfig(path="x")).model_dump(exclude={"source", "run"})
    assert documented == default
    source = load(ROOT / "examples/catalog.yaml").source.model_dump(exclude={"path", "columns"})
    assert source == SourceConfig(path="x").model_dump(exclude={"path", "columns"})


def test_every_key_is_documented() -> None:
    text = (ROOT / "examples/catalog.yaml").read_text()

    def keys(model: type) -> set[str]:
        found = set()
        for name, field in model.model_fields.items():
            if not field.exclude:
                found.add(name)
                found |= keys(field.annotation) if hasattr(field.annotation, "model_fields") else set()
        return found

    assert [key for key in keys(Config) if f"{key}:" not in text] == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("source: {path: x}\nfilter: {min_sid: 3}", "filter.min_sid: unknown key; did you mean 'min_side'?"),
        ("sorce: {path: x}", "did you mean 'source'?"),
        ("source: {path: x, columns: {titel: a}}", "'titel' is not a column of a listing; did you mean 'title'?"),
        ("source: {path: x, lookup: {pat: y, on: z}}", "source.lookup.pat: unknown key; did you mean 'path'?"),
        ("source: {path: x}\nfilter: {min_side: no}", "filter.min_side"),
        ("source: {path: x}\ndeduplicate: {bands: 99}", "99 x 4 = 396, more than num_perm 128"),
        ("- a\n- b", "expected sections such as `source:`, found list"),
        ("a: [", "not valid YAML"),
        ("name: x", "source: is needed"),
        ("source: {path: '${NOT_SET_ANYWHERE}/x'}", "needs the environment variable NOT_SET_ANYWHERE"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(written(tmp_path, text))
    assert says in str(error.value)
    assert "catalog.yaml" in str(error.value)


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        parse({"source": {"path": "x"}, "filter": {"min_sid": 3}, "pairs": {"val_share": 2}})
    assert "min_side" in str(error.value)
    assert "val_share" in str(error.value)


def test_overrides_are_yaml(tmp_path: Path) -> None:
    file = written(tmp_path, "source: {path: x}")
    config = load(file, ["filter.min_side=150", "clean.skip=[pictures]", "heads.adult=null", "run=elsewhere"])
    assert config.filter.min_side == 150
    assert config.clean.skip == ["pictures"]
    assert config.run_folder.url == str(tmp_path / "elsewhere")
    for wrong in ("filter.min_side", "=3", "name.x=1"):
        with pytest.raises(ConfigError, match="--set"):
            load(file, ["name=a", wrong])


def test_on_is_a_key_and_no_is_norwegian(tmp_path: Path) -> None:
    config = load(written(tmp_path, "name: no\nsource: {path: x, lookup: {path: y, on: class}}"))
    assert config.name == "no"
    assert config.source.lookup is not None
    assert config.source.lookup.on == "class"


def test_relative_paths_start_from_the_file(tmp_path: Path) -> None:
    config = load(written(tmp_path, "source: {path: x}"))
    assert config.run_folder.url == str(tmp_path / "runs/catalog")
    assert config.place("s3://bucket/x").url == "s3://bucket/x"
