"""Read a CSV or JSONL file record by record; one that cannot be read is reported with its line, never skipped."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import pyarrow as pa

from ..schemas.config import SourceConfig
from ..schemas.errors import ConfigError, SourceError
from ..schemas.storage import Storage
from ..schemas.values import encodable

MAX_RECORD_LINES = 1000  # a quoted CSV field that spans more lines was never closed
csv.field_size_limit(1 << 30)


@dataclass(frozen=True)
class Unreadable:
    """A record that could not be read."""

    row: int
    reason: str
    text: str


def text_batch(records: list[dict[str, str | None]], schema: pa.Schema) -> pa.RecordBatch:
    """Make a batch of text columns."""
    arrays = [pa.array([encodable(r.get(name)) for r in records], pa.string()) for name in schema.names]
    return pa.RecordBatch.from_arrays(arrays, names=schema.names)


@dataclass(frozen=True)
class TextFile:
    """A file of records, plain or gzipped, in the encoding that the source says."""

    file: Storage
    source: SourceConfig

    def header(self) -> list[str]:
        """Column names of a CSV file.

        Raises:
            SourceError: there are none, or one stands twice.
        """
        with self._open() as file:
            header = self._names(_Lines(file, self.file, self.source.encoding))
        if not any(name.strip() for name in header):
            raise SourceError(f"{self.file}: line 1 is empty; expected column names there")
        twice = {name for name in header if header.count(name) > 1}
        if twice:
            raise SourceError(f"{self.file}: line 1 names column '{sorted(twice)[0]}' twice; give each its own name")
        return header

    def _names(self, lines: _Lines) -> list[str]:
        names: list[str] = next(self._reader(lines), [])
        # A byte order mark is no part of a name; nor is one read in another encoding.
        return [names[0].removeprefix("\ufeff").removeprefix("ï»¿"), *names[1:]] if names else []

    def csv_records(self) -> Iterator[tuple[int, dict[str, str | None] | Unreadable]]:
        """Give each record's number, counted from 1, and its values by column."""
        with self._open() as file:
            lines = _Lines(file, self.file, self.source.encoding)
            header = self._names(lines)
            row = 0
            reader = self._reader(lines)
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
                    reader = self._reader(lines)
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

    def json_records(self) -> Iterator[tuple[int, dict[str, str | None] | Unreadable]]:
        """Give each record's line and its values by key; what is not text keeps its JSON form."""
        with self._open() as file:
            lines = _Lines(file, self.file, self.source.encoding)
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
                    reason = f'line {row} holds a {type(record).__name__}, expected an object such as {{"id": …}}'
                    yield row, Unreadable(row, reason, line.rstrip("\r\n"))
                    continue
                yield (
                    row,
                    {
                        k: v if isinstance(v, str) or v is None else json.dumps(v, ensure_ascii=False)
                        for k, v in record.items()
                    },
                )

    def _open(self) -> io.TextIOWrapper:
        raw: IO[bytes] = self.file.open()
        if self.file.name.endswith(".gz"):
            raw = gzip.open(raw)  # type: ignore[assignment]  # noqa: SIM115
        # A byte order mark, which spreadsheets write, is no part of the first column's name.
        encoding = "utf-8-sig" if self.source.encoding.lower().replace("-", "") == "utf8" else self.source.encoding
        try:
            return io.TextIOWrapper(raw, encoding=encoding, newline="")
        except LookupError:
            raise ConfigError(f"source.encoding: Python knows no encoding '{self.source.encoding}'") from None

    def _reader(self, lines: Iterator[str]) -> Any:
        delimiter = self.source.delimiter or ("\t" if self.file.name.removesuffix(".gz").endswith(".tsv") else ",")
        return csv.reader(lines, delimiter=delimiter, strict=True)


class _Lines:
    """Hand out a file's lines, remembering those of the record under way; they can be put back."""

    def __init__(self, file: IO[str], place: Storage, encoding: str) -> None:
        self.file, self.place, self.encoding = file, place, encoding
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
            line = self.number + 1 + error.object[: error.start].count(b"\n")  # of the block that was being read
            raise ConfigError(
                f"{self.place}: not {self.encoding}: byte 0x{byte:02x} in line {line}; "
                f"set source.encoding (of `eclip init`: --encoding) to what the file is written in, such as cp1252, "
                f"latin-1 or cp949"
            ) from None
        except (EOFError, OSError) as error:
            raise SourceError(f"{self.place}: breaks off at line {self.number + 1} ({error})") from None

    def retry_after_first(self) -> None:
        """Put all lines of the record back but the first."""
        self.back.extend(reversed(self.record[1:]))
        self.number -= len(self.record) - 1
