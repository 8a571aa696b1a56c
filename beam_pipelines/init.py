"""Write a configuration for somebody's own export: the columns looked at, the likely mapping filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import yaml

from ..schemas.config import Config, SourceConfig
from ..schemas.config_file import load
from ..schemas.errors import ConfigError
from . import sources
from .column_names import Mapped, guess
from .photo_folder import LOOKED, folder_of, separator_of

UTF_8 = "utf-8"
NO_ID = "THE_COLUMN_THAT_IDENTIFIES_A_LISTING"  # stands where a person has to name it


def write_config(source: str, target: Path, encoding: str = UTF_8) -> Iterator[str]:
    """Look at a source and write a configuration; says what was found.

    Raises:
        ConfigError: the file to write is there already, or nothing matches the source.
    """
    if target.exists():
        raise ConfigError(f"{target}: stands there already; name another file with --output, or remove it")
    schema, delimiter, sample = _columns(source, encoding)
    mapping = guess(schema, sample)
    cells = _photo_cells(mapping, sample)
    separator = separator_of(cells)
    near = Path(source).absolute().parent
    root = folder_of(cells, separator, near) if near.is_dir() else None  # no folder is near a URL or a glob of folders
    target.write_text(_text(source, target, schema, mapping, delimiter, encoding, root, separator), UTF_8)
    load(target)  # what we write must load
    for ours, theirs in mapping.items():
        yield f"{ours:>14} <- {theirs if isinstance(theirs, str) else ', '.join(theirs.values())}"
    rest = _unmapped(schema, mapping)
    if rest:
        yield f"{'not mapped':>14}    {', '.join(rest)}"
    if root is not None:
        yield f"{'photos':>14}    in {root}"
    elif any("://" not in cell for cell in cells):
        yield f"{'look':>14}    the photos that {mapping['image']} names were not found: set image.root to their folder"
    missing = [name for name in ("title", "seller", "image") if name not in mapping]
    if missing:
        yield f"{'look':>14}    no column looks like {', '.join(missing)}: map source.columns yourself, if there is one"
    if "id" not in mapping:
        yield f"{'look':>14}    no column looks like an id: in {target}, put its name in the place of {NO_ID}"
        yield f"{target} is written, all but the id: name its column, then `eclip run {target}`"
        return
    yield f"{target} is written: look at the mapping, then `eclip run {target}`"


def _columns(source: str, encoding: str) -> tuple[pa.Schema, str | None, pa.RecordBatch | None]:
    """The columns of a source; of a CSV file, the delimiter too, where it is not the comma; and its first records."""
    found: dict[str | None, tuple[pa.Schema, str | None, pa.RecordBatch | None]] = {}
    for delimiter in (None, ";", "\t", "|"):
        config = Config(
            source=SourceConfig(path=source, delimiter=delimiter, encoding=encoding), folder=str(Path.cwd())
        )
        files = sources.find(config)
        schema = sources.columns(files, config.source)
        found[delimiter] = schema, delimiter, None
        if len(schema) > 1:
            records = sources.read(files[0], config.source, schema)
            first = next((some.batch for some in records if isinstance(some, sources.Records)), None)
            return schema, delimiter, first
    return found[None]


def _photo_cells(mapping: Mapped, sample: pa.RecordBatch | None) -> list[str]:
    name = mapping.get("image")
    if not isinstance(name, str) or sample is None:
        return []
    return [cell for cell in sample.column(name).to_pylist()[:LOOKED] if isinstance(cell, str) and cell.strip()]


def _unmapped(schema: pa.Schema, mapping: Mapped) -> list[str]:
    used = {v for value in mapping.values() for v in ([value] if isinstance(value, str) else value.values())}
    return [name for name in schema.names if name not in used]


def _text(
    source: str, target: Path, schema: pa.Schema, mapping: Mapped, delimiter: str | None, encoding: str,
    root: Path | None, separator: str | None,
) -> str:  # fmt: skip
    rest = _unmapped(schema, mapping)
    path = Path(source)
    # Relative paths in a configuration start from its own folder, those on the command line from here.
    place = source if "://" in source else str(path.absolute()) if target.parent.absolute() != Path.cwd() else source
    columns = yaml.safe_dump(
        {**({} if "id" in mapping else {"id": NO_ID}), **mapping},
        allow_unicode=True,
        sort_keys=False,
        default_flow_style=False,
    )
    lines = [
        f"# Made by `eclip init {source}`. Every key is documented in examples/catalog.yaml.",
        f"name: {_name(path)}",
        "source:",
        f"  path: {yaml.safe_dump(place).splitlines()[0]}",
        *([f"  delimiter: {json.dumps(delimiter)}"] if delimiter else []),
        *([f"  encoding: {json.dumps(encoding)}"] if encoding != UTF_8 else []),
        "  columns: # ours: theirs",
        *("    " + line for line in columns.splitlines()),
    ]
    if rest:
        lines.append(f"  # kept as they are: {', '.join(rest)}")
    if "seller" not in mapping:
        lines.append(
            "  # No column says who sells: near-duplicates are linked, never dropped (see deduplicate.preset)."
        )
    if "image" in mapping:
        lines += _image(target, root, separator)
    return "\n".join(lines) + "\n"


def _image(target: Path, root: Path | None, separator: str | None) -> list[str]:
    """Write the section `image`; what is not known, or is the default, as a comment."""
    home = target.absolute().parent
    settings = {"separator": separator}
    if root not in (None, home):
        settings["root"] = str(root.relative_to(home)) if root.is_relative_to(home) else str(root)
    known = [f"  {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in settings.items() if value]
    open_ = []
    if root is None:
        open_.append("#  root: photos       # the folder that photo paths start from and stay in; default: this one")
    if separator is None:
        open_.append('#  separator: "|"      # where one cell holds several photos')
    return [*(["image:"] if known else ["# image:"] if open_ else []), *known, *open_]


def _name(path: Path) -> str:
    stem = re.sub(r"\W+", "_", path.name.split(".")[0]).strip("_")
    return stem or (re.sub(r"\W+", "_", path.parent.name) or "catalog")
