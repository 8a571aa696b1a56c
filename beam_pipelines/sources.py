"""Read listing exports: Parquet, CSV and JSONL by globs, in splits that can be read on their own.

A record that cannot be read is reported with its place, never skipped in silence. CSV and JSONL come as text columns
(a JSON value that is not text keeps its JSON form), Parquet with its own types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

import pyarrow as pa
import pyarrow.parquet as pq

from ..schemas.config import Config, SourceConfig
from ..schemas.dataset import BATCH_BYTES, BATCH_ROWS, rows_at_a_time, slices
from ..schemas.errors import ConfigError, SourceError
from ..schemas.storage import Storage
from .text_file import TextFile, Unreadable, text_batch

ENDINGS = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".tsv": "csv", ".txt": "csv",
           ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}  # fmt: skip


@dataclass(frozen=True)
class Split:
    """A part of a source that one worker reads: a whole text file, or a row group of a Parquet file."""

    number: int
    file: Storage
    name: str  # the file's path from the source's root on, as listings and rejected rows show it
    format: str
    groups: tuple[int, ...] = ()
    first_row: int = 1
    rows: int | None = None  # where they can be told without reading
    photo_bytes: int = 0  # of photos that stand in the file itself


@dataclass(frozen=True)
class Records:
    """A batch of records as the source has them; `rows` are their numbers, counted from 1 within the file."""

    batch: pa.RecordBatch
    rows: pa.Array


def find(config: Config) -> list[Split]:
    """List the splits of a source: the files in the order in which they are listed, those of a glob by their paths.

    Raises:
        ConfigError: nothing matches, or the format cannot be told.
        SourceError: a file is empty or is not what its name says.
    """
    splits: list[Split] = []
    above = root(config, config.source.path)
    for file in files(config, config.source.path):
        kind = _format(file, config.source)
        name = file.url.removeprefix(above)
        if not file.size():
            raise SourceError(f"{file}: the file is empty (0 bytes); expected {kind.upper()} with listings")
        if kind != "parquet":
            splits.append(Split(len(splits), file, name, kind))
            continue
        metadata = _parquet(file).metadata
        row = 1
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            photos = _photo_bytes(group, config.source)
            splits.append(Split(len(splits), file, name, kind, (number,), row, group.num_rows, photos))
            row += group.num_rows
    if not splits:
        raise SourceError(f"{config.source.path}: the source holds no rows; expected listings")
    return splits


def root(config: Config, paths: str | Sequence[str]) -> str:
    """Name the folder above all that a source lists, with a slash behind it; empty where there is none.

    It follows from the configuration alone: a file keeps its name when others come beside it.
    """
    folders = []
    for path in [paths] if isinstance(paths, str) else paths:
        place = config.place(path)
        url = place.path if place.is_local else str(place.fs.unstrip_protocol(place.path))
        plain = re.split(r"[*?\[]", url, maxsplit=1)[0]
        folders.append(plain.split("/")[:-1])
    shared = [parts[0] for parts in takewhile(lambda parts: len(set(parts)) == 1, zip(*folders, strict=False))]
    return "/".join([*shared, ""])


def files(config: Config, paths: str | Sequence[str]) -> list[Storage]:
    """Expand paths and globs, in the order listed; the matches of a glob are sorted."""
    found: dict[str, Storage] = {}
    for path in [paths] if isinstance(paths, str) else paths:
        place = config.place(path)
        matches = [place.path] if place.exists() and not place.fs.isdir(place.path) else place.fs.glob(place.path)
        matches = [m for m in matches if not place.fs.isdir(m)]
        if not matches:
            raise ConfigError(f"source.path: nothing matches {place}; expected files such as listings/*.parquet")
        for match in sorted(matches):
            url = match if place.is_local else place.fs.unstrip_protocol(match)
            found[url] = Storage(url)
    return list(found.values())


def stamp(file: Storage) -> str:
    """Say by what a changed source is noticed: size and time of change, or the object store's ETag."""
    info = file.fs.info(file.path)
    return f"{info['size']}:{info.get('ETag') or info.get('mtime') or info.get('updated') or info.get('created')}"


def columns(splits: Sequence[Split], source: SourceConfig) -> pa.Schema:
    """Give the columns of all files together, in the order in which they are first met.

    Raises:
        SourceError: two Parquet files give one column types that do not go together.
    """
    fields: dict[str, pa.Field] = {}
    for split in {s.file.url: s for s in splits}.values():
        for field in _columns(split, source):
            known = fields.setdefault(field.name, field)
            if known.type == field.type or pa.types.is_null(field.type):
                continue
            if pa.types.is_null(known.type):
                fields[field.name] = field
                continue
            try:
                fields[field.name] = pa.unify_schemas(
                    [pa.schema([known]), pa.schema([field])], promote_options="permissive"
                ).field(0)
            except pa.ArrowTypeError:
                raise SourceError(
                    f"{split.file}: column '{field.name}' is {field.type}, in another file of the source it is "
                    f"{known.type}; give the files one type or read them as two sources"
                ) from None
    return pa.schema(list(fields.values()))


def read(split: Split, source: SourceConfig, schema: pa.Schema) -> Iterator[Records | Unreadable]:
    """Stream a split's records, as batches of the source's columns (`schema`), and those that cannot be read."""
    if split.format == "parquet":
        yield from _read_parquet(split, schema)
        return
    text = TextFile(split.file, source)
    reader = text.csv_records() if split.format == "csv" else text.json_records()
    held: list[dict[str, str | None]] = []
    rows: list[int] = []
    size = 0
    for row, record in reader:
        if isinstance(record, Unreadable):
            yield record
            continue
        held.append(record)
        rows.append(row)
        size += sum(len(v) for v in record.values() if v)
        if len(held) == BATCH_ROWS or size > BATCH_BYTES:
            yield Records(text_batch(held, schema), pa.array(rows, pa.int64()))
            held, rows, size = [], [], 0
    yield Records(text_batch(held, schema), pa.array(rows, pa.int64()))


def _format(file: Storage, source: SourceConfig) -> str:
    if source.format != "auto":
        return source.format
    name = file.name.removesuffix(".gz")
    for ending, kind in ENDINGS.items():
        if name.endswith(ending):
            return kind
    raise ConfigError(
        f"{file}: cannot tell the format from the name; expected one of {', '.join(ENDINGS)}, "
        f"or set source.format to parquet, csv or jsonl"
    )


def _parquet(file: Storage) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(file.path, filesystem=file.arrow, pre_buffer=False)
    except (pa.ArrowInvalid, OSError) as error:
        reason = str(error).splitlines()[0]
        raise SourceError(f"{file}: cannot be read as Parquet ({reason}); is the file complete?") from None


def _photo_bytes(group: pq.RowGroupMetaData, source: SourceConfig) -> int:
    """Bytes of the columns that hold photos; the few of paths and URLs do no harm."""
    mapped = source.columns.get("image", "image")
    names = tuple([mapped] if isinstance(mapped, str) else mapped)
    chunks = [group.column(k) for k in range(group.num_columns)]
    # A column of lists or structs comes as `name.…`, a leaf at a time.
    return sum(
        c.total_uncompressed_size for c in chunks if f"{c.path_in_schema}.".startswith(tuple(f"{n}." for n in names))
    )


def _columns(split: Split, source: SourceConfig) -> list[pa.Field]:
    if split.format == "parquet":
        return list(_parquet(split.file).schema_arrow.remove_metadata())
    if split.format == "csv":
        return [pa.field(name, pa.string()) for name in TextFile(split.file, source).header()]
    names: dict[str, None] = {}
    # Later lines may have more keys; all lines are looked at, for a mapped key may be rare.
    for _, record in TextFile(split.file, source).json_records():
        if isinstance(record, dict):
            names.update(dict.fromkeys(record))
    return [pa.field(name, pa.string()) for name in names]


def _read_parquet(split: Split, schema: pa.Schema) -> Iterator[Records]:
    file = _parquet(split.file)
    row = split.first_row
    try:
        step = rows_at_a_time(file.metadata)
        for batch in file.iter_batches(batch_size=step, row_groups=list(split.groups), use_threads=False):
            for piece in slices(batch):
                arrays = [
                    piece.column(f.name).cast(f.type)
                    if f.name in piece.schema.names
                    else pa.nulls(piece.num_rows, f.type)
                    for f in schema
                ]
                numbers = pa.array(range(row, row + piece.num_rows), pa.int64())
                row += piece.num_rows
                yield Records(pa.RecordBatch.from_arrays(arrays, schema=schema), numbers)
    except (pa.ArrowInvalid, OSError) as error:
        raise SourceError(f"{split.file}: cannot be read to its end ({str(error).splitlines()[0]})") from None
