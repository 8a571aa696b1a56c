"""Read listing exports: Parquet, CSV and JSONL by globs, in splits that can be read on their own.

A record that cannot be read is reported with its place, never skipped in silence. CSV and JSONL come as text columns
(a JSON value that is not text keeps its JSON form), Parquet with its own types.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..schemas.config import Config, SourceConfig
from ..schemas.dataset import BATCH_BYTES, BATCH_ROWS, slices
from ..schemas.errors import ConfigError, SourceError
from ..schemas.storage import Storage

ENDINGS = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".tsv": "csv", ".txt": "csv",
           ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}  # fmt: skip
MAX_RECORD_LINES = 1000  # a quoted CSV field that spans more lines was never closed
csv.field_size_limit(1 << 30)


@dataclass(frozen=True)
class Split:
    """A part of a source that one worker reads: a whole text file, or some row groups of a Parquet file."""

    number: int
    file: Storage
    format: str
    groups: tuple[int, ...] = ()
    first_row: int = 1

    @property
    def name(self) -> str:
        """The file's name, as rejected rows show it."""
        return self.file.name


@dataclass(frozen=True)
class Records:
    """A batch of records as the source has them; `rows` are their numbers, counted from 1 within the file."""

    batch: pa.RecordBatch
    rows: pa.Array


@dataclass(frozen=True)
class Unreadable:
    """A record that could not be read."""

    row: int
    reason: str
    text: str


def find(config: Config) -> list[Split]:
    """List the splits of a source, in the order of file names.

    Raises:
        ConfigError: nothing matches, or the format cannot be told.
        SourceError: a file is empty or is not what its name says.
    """
    splits: list[Split] = []
    for file in files(config, config.source.path):
        kind = _format(file, config.source)
        if not file.size():
            raise SourceError(f"{file}: the file is empty (0 bytes); expected {kind.upper()} with listings")
        if kind != "parquet":
            splits.append(Split(len(splits), file, kind))
            continue
        metadata = _parquet(file).metadata
        row = 1
        for group in range(metadata.num_row_groups):
            splits.append(Split(len(splits), file, kind, (group,), row))
            row += metadata.row_group(group).num_rows
    if not splits:
        raise SourceError(f"{config.source.path}: the source holds no rows; expected listings")
    return splits


def files(config: Config, paths: str | Sequence[str]) -> list[Storage]:
    """Expand paths and globs, sorted by name."""
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
    reader = _read_csv(split, source) if split.format == "csv" else _read_jsonl(split, source)
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
            yield Records(_text_batch(held, schema), pa.array(rows, pa.int64()))
            held, rows, size = [], [], 0
    yield Records(_text_batch(held, schema), pa.array(rows, pa.int64()))


def _text_batch(records: list[dict[str, str | None]], schema: pa.Schema) -> pa.RecordBatch:
    arrays = [pa.array([_encodable(r.get(name)) for r in records], pa.string()) for name in schema.names]
    return pa.RecordBatch.from_arrays(arrays, names=schema.names)


def _encodable(text: str | None) -> str | None:
    # JSON escapes can spell half of a surrogate pair, which UTF-8 cannot hold.
    if text is None or text.isascii():
        return text
    return text.encode("utf-8", "replace").decode() if any("\ud800" <= c <= "\udfff" for c in text) else text


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


def _columns(split: Split, source: SourceConfig) -> list[pa.Field]:
    if split.format == "parquet":
        return list(_parquet(split.file).schema_arrow.remove_metadata())
    if split.format == "csv":
        return [pa.field(name, pa.string()) for name in _header(split, source)]
    names: dict[str, None] = {}
    # Later lines may have more keys; all lines are looked at, for a mapped key may be rare.
    for _, record in _read_jsonl(split, source):
        if isinstance(record, dict):
            names.update(dict.fromkeys(record))
    return [pa.field(name, pa.string()) for name in names]


def _header(split: Split, source: SourceConfig) -> list[str]:
    with _text(split.file, source) as file:
        header = next(_csv(_Lines(file, split, source.encoding), split, source), [])
    if not any(name.strip() for name in header):
        raise SourceError(f"{split.file}: line 1 is empty; expected column names there")
    twice = {name for name in header if header.count(name) > 1}
    if twice:
        raise SourceError(f"{split.file}: line 1 names column '{sorted(twice)[0]}' twice; give each its own name")
    return header


def _text(file: Storage, source: SourceConfig) -> io.TextIOWrapper:
    raw: IO[bytes] = file.open()
    if file.name.endswith(".gz"):
        raw = gzip.open(raw)  # type: ignore[assignment]
    # A byte order mark, which spreadsheets write, is no part of the first column's name.
    encoding = "utf-8-sig" if source.encoding.lower().replace("-", "") == "utf8" else source.encoding
    try:
        return io.TextIOWrapper(raw, encoding=encoding, newline="")
    except LookupError:
        raise ConfigError(f"source.encoding: Python knows no encoding '{source.encoding}'") from None


def _csv(lines: Iterator[str] | IO[str], split: Split, source: SourceConfig) -> Any:
    delimiter = source.delimiter or ("\t" if split.name.removesuffix(".gz").endswith(".tsv") else ",")
    return csv.reader(lines, delimiter=delimiter, strict=True)


class _Lines:
    """Hand out a file's lines, remembering those of the record under way; they can be put back."""

    def __init__(self, file: IO[str], split: Split, encoding: str) -> None:
        self.file, self.split, self.encoding = file, split, encoding
        self.number = 0
        self.record: list[str] = []
        self.back: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.record) >= MAX_RECORD_LINES:
            raise csv.Error(f"a quote opened here is not closed within {MAX_RECORD_LINES} lines")
        line = self.back.pop() if self.back else self._read()
        self.number += 1
        self.record.append(line)
        return line

    def _read(self) -> str:
        try:
            return next(self.file)
        except UnicodeDecodeError as error:
            byte = error.object[error.start]
            raise SourceError(
                f"{self.split.file}: not {self.encoding}: byte 0x{byte:02x} near line {self.number + 1}; "
                f"set source.encoding to what the file is written in, such as cp1252, latin-1 or cp949"
            ) from None
        except (EOFError, OSError) as error:
            raise SourceError(f"{self.split.file}: breaks off at line {self.number + 1} ({error})") from None

    def retry_after_first(self) -> None:
        """Put all lines of the record back but the first."""
        self.back.extend(reversed(self.record[1:]))
        self.number -= len(self.record) - 1


def _read_csv(split: Split, source: SourceConfig) -> Iterator[tuple[int, dict[str, str | None] | Unreadable]]:
    with _text(split.file, source) as file:
        lines = _Lines(file, split, source.encoding)
        header = next(_csv(lines, split, source))
        row = 0
        reader = _csv(lines, split, source)
        while True:
            lines.record = []
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                row += 1
                text, line = lines.record[0], lines.number - len(lines.record) + 1
                # A stray quote swallows the lines behind it: give up the first one only, read the others anew.
                lines.retry_after_first()
                reader = _csv(lines, split, source)
                yield row, Unreadable(row, f"line {line} is not valid CSV: {error}", text.rstrip("\r\n"))
                continue
            if not values:
                continue  # an empty line is no record
            row += 1
            if len(values) != len(header):
                reason = f"line {lines.number} has {len(values)} fields, the header has {len(header)}"
                yield row, Unreadable(row, reason, "".join(lines.record).rstrip("\r\n"))
                continue
            yield row, {name: value or None for name, value in zip(header, values, strict=True)}


def _read_jsonl(split: Split, source: SourceConfig) -> Iterator[tuple[int, dict[str, str | None] | Unreadable]]:
    with _text(split.file, source) as file:
        lines = _Lines(file, split, source.encoding)
        for line in lines:
            lines.record = []
            row = lines.number
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                yield row, Unreadable(row, f"line {row} is not valid JSON: {error}", line.rstrip("\r\n"))
                continue
            if not isinstance(record, dict):
                reason = f"line {row} holds a {type(record).__name__}, expected an object such as {{\"id\": …}}"
                yield row, Unreadable(row, reason, line.rstrip("\r\n"))
                continue
            yield row, {k: v if isinstance(v, str) or v is None else json.dumps(v, ensure_ascii=False) for k, v in record.items()}


def _read_parquet(split: Split, schema: pa.Schema) -> Iterator[Records]:
    file = _parquet(split.file)
    row = split.first_row
    try:
        for batch in file.iter_batches(batch_size=BATCH_ROWS, row_groups=list(split.groups), use_threads=False):
            for piece in slices(batch):
                arrays = [
                    piece.column(f.name).cast(f.type) if f.name in piece.schema.names else pa.nulls(piece.num_rows, f.type)
                    for f in schema
                ]
                numbers = pa.array(range(row, row + piece.num_rows), pa.int64())
                row += piece.num_rows
                yield Records(pa.RecordBatch.from_arrays(arrays, schema=schema), numbers)
    except (pa.ArrowInvalid, OSError) as error:
        raise SourceError(f"{split.file}: cannot be read to its end ({str(error).splitlines()[0]})") from None
