from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from driver import ROOT
from eclip.schemas.config import Config, SourceConfig
from eclip.schemas.config_file import load, parse
from eclip.schemas.errors import ConfigError
from eclip.schemas.section import Section
from pydantic.fields import FieldInfo


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


def section(field: FieldInfo) -> type[Section] | None:
    """The section that a key holds, or may hold."""
    kinds = [field.annotation, *get_args(field.annotation)]
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Section)), None)


def comment(text: str, path: tuple[str, ...]) -> str:
    """What the comments behind and below a key of two levels say, up to the next key."""
    block = re.search(rf"^{path[0]}:\n((?:[ #].*\n|\n)*)", text, re.M)
    found = re.search(rf"^ +{path[1]}:.*\n(?: *#.*\n)*", block[1] if block else "", re.M)
    return found[0] if found else ""


def gaps(model: type[Section], values: dict[str, Any], text: str, path: tuple[str, ...] = ()) -> list[str]:
    """Keys of a section that the documented one lacks, or gives another value than the default."""
    wrong = [".".join([*path, key]) for key in values if key not in model.model_fields]
    for name, field in model.model_fields.items():
        inner, here = section(field), (*path, name)
        if field.exclude:
            continue
        if name not in values:
            wrong.append(f"{'.'.join(here)}: missing")
        elif inner and isinstance(values[name], dict):
            wrong += gaps(inner, values[name], text, here)
        elif inner:
            words = set(re.findall(r"\w+", comment(text, here)))
            wrong += [f"{'.'.join([*here, key])}: not in the comment" for key in inner.model_fields if key not in words]
        elif not field.is_required() and here not in EXAMPLES and values[name] != field.default:
            wrong.append(f"{'.'.join(here)}: {values[name]!r} is not the default, {field.default!r}")
    return wrong


EXAMPLES = {("run",), ("source", "columns")}  # shown as they would be used


def test_every_key_is_documented_with_its_default() -> None:
    text = (ROOT / "examples/catalog.yaml").read_text()
    assert gaps(Config, yaml.safe_load(text), text) == []


@pytest.mark.parametrize(
    ("line", "changed", "gap"),
    [
        ("  samples: 12", "", "report.samples: missing"),  # `samples` is a word of other comments
        ("  seed: 0", "", "pairs.seed: missing"),  # other sections have one
        ("  val_share: 0.2", "  val_share: 0.3", "pairs.val_share: 0.3 is not the default, 0.2"),
        ("key: class, ", "", "source.lookup.key: not in the comment"),
    ],
)
def test_what_is_not_documented_is_seen(line: str, changed: str, gap: str) -> None:
    text = (ROOT / "examples/catalog.yaml").read_text()
    assert line in text
    shorter = text.replace(line, changed, 1)
    assert gap in gaps(Config, yaml.safe_load(shorter), shorter)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("source: {path: x}\nfilter: {min_sid: 3}", "filter.min_sid: unknown key; did you mean 'min_side'?"),
        ("sorce: {path: x}", "did you mean 'source'?"),
        ("source: {path: x, columns: {titel: a}}", "'titel' is not a column of a listing; did you mean 'title'?"),
        ("source: {path: x, lookup: {pat: y, on: z}}", "source.lookup.pat: unknown key; did you mean 'path'?"),
        ("source: {path: x}\nfilter: {min_side: no}", "filter.min_side"),
        ("source: {path: x}\nreport: {samples: 13}", "report.samples: Input should be less than or equal to 12"),
        ("source: {path: x}\ndeduplicate: {bands: 99}", "99 x 4 = 396, more than num_perm 128"),
        ("source: {path: x, columns: {price: [a, b]}}", "source.columns: 'price' takes one column, not a list"),
        (
            "source: {path: x}\nshards: 0",
            "shards: Input should be greater than or equal to 1, or Input should be 'auto' (found 0)",
        ),
        ("source: {path: x}\nshards: 70000", "less than or equal to 65536"),
        ("source: {path: x}\nrunner: {workers: -1}", "runner.workers: Input should be greater"),
        (
            "source: {path: x}\nimage: {max_megapixels: 500}",
            "image.max_megapixels: Input should be less than or equal to 178",
        ),
        ("source: {path: x, decimal: ';'}", "source.decimal"),
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


def test_a_section_of_comments_alone_is_the_default(tmp_path: Path) -> None:
    config = load(written(tmp_path, "source: {path: x}\nimage:\n  # root: photos\nshards:\n"))
    assert (config.image.root, config.shards) == (None, "auto")
    with pytest.raises(ConfigError, match="source: is needed"):
        load(written(tmp_path, "source:\n"))
