"""ingest: source files -> listings, images, rejected.

In three resumable steps: `partition` moves records to their shards (one spill file a source split), `sort` makes each
shard one sorted file and takes out what has no id of its own, the last step looks at the photos, shard by shard.
A listing whose photo is missing or broken is kept, with `image_error`: filter judges it.

Conservation: records + unparsable = listings + rejected.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import xxhash

from ..quality import personal_data
from ..quality.pseudonyms import Key
from ..schemas.attempt import Summary
from ..schemas.config import MOST_SHARDS, UNDERSTOOD, Config
from ..schemas.errors import ConfigError, SourceError
from ..schemas.manifest import Manifest
from ..schemas.mapping import plan, to_listings
from ..schemas.storage import Storage
from . import sources
from .lookup import Lookup
from .partition import Partition
from .photo_work import PhotoWork
from .photos import PhotoSource
from .sort import Sort
from .stage import Stage, StageRun, row_metrics
from .step import Step

ROWS_PER_SHARD = 100_000
IMAGE_BYTES_PER_SHARD = 512 << 20


class Ingest(Stage):
    """Read the source."""

    name = "ingest"
    version = 5
    libraries = ("numba", "pillow", "scipy", "simplejpeg")
    pipelines = (Step("Partition", "source"), Step("Sort"), Step("Look at photos"))

    def settings(self, config: Config) -> dict[str, Any]:
        """Source, photos, the number of shards, and whether personal data is kept."""
        image = config.image.model_dump(exclude={"timeout_s", "tries", "concurrent"})
        return {"source": config.source.model_dump(), "image": image, "shards": config.shards,
                "keep_raw": config.clean.keep_raw}  # fmt: skip

    def content(self, config: Config) -> dict[str, str]:
        """The rules by which personal data is taken out, where it is, and which key pseudonyms are made with."""
        if config.clean.keep_raw:
            return {}
        return {"personal_data": personal_data.content_hash(), "pseudonyms": Key.found().check}

    def sources(self, config: Config) -> dict[str, str]:
        """Stamps of the source's files, of the look-up table and of the photos below `image.root`."""
        read = sources.files(config, config.source.path)
        if config.source.lookup:
            read += sources.files(config, config.source.lookup.path)
        # Named from the configuration on: a catalog that was moved as a whole has not changed.
        found = {file.url.removeprefix(f"{config.folder}/"): sources.stamp(file) for file in read}
        if config.image.root is not None:
            found["image.root"] = photo_stamp(photo_base(config))
        return found

    def shards(self, config: Config, inputs: Mapping[str, Manifest]) -> int:
        """As configured, or from the size of the source; fixed before the first row is spilled."""
        del inputs
        if config.shards != "auto":
            return config.shards
        splits = sources.find(config)
        rows = sum(_rows(split) for split in splits)
        size = photo_bytes(photo_base(config)) if config.image.root else 0
        size += sum(split.photo_bytes for split in splits)
        need = max(rows / ROWS_PER_SHARD, size / IMAGE_BYTES_PER_SHARD, 1)
        return min(1 << math.ceil(math.log2(need)), MOST_SHARDS)

    def build(self, work: StageRun) -> None:
        """Partition, sort, look at the photos."""
        config, shards = work.config, work.attempt.shards
        source = config.source
        if not config.clean.keep_raw:
            _refuse_raw(work)
            source = source.model_copy(update={"unmapped_columns": "drop"})
        splits = sources.find(config)
        schema = sources.columns(splits, config.source)
        lookup = Lookup.load(config, schema) if config.source.lookup else None
        joined = lookup.schema if lookup else schema
        mapping = plan(source, joined, config.image.separator)
        base = photo_base(config)
        size = sum({split.file.url: split.file.size() for split in splits}.values())

        shaping = {"source": source.model_dump(), "separator": config.image.separator, "shards": shards,
                   "keep_raw": config.clean.keep_raw}  # fmt: skip
        spilled = work.step("partition", shaping, len(splits), keep=False)
        key = None if config.clean.keep_raw else Key.found()  # it goes to the workers with the work, and to no file
        partition = Partition(splits, source, schema, mapping, lookup, spilled.folder, shards, key)
        work.map("Partition", partition, spilled, seconds=size / 20e6)
        counts = [marker.counts for marker in spilled.markers()]
        records = sum(c.get("records", 0) for c in counts)
        if not records:
            raise SourceError(f"{config.source.path}: the source holds no readable record; expected listings")
        work.notes["in"] = records + sum(c.get("unparsable", 0) for c in counts)
        told = [split.rows for split in splits]  # by the files themselves; of text there is nothing but the reading
        work.notes["source_rows"] = work.notes["in"] if None in told else sum(rows or 0 for rows in told)
        for column in UNDERSTOOD:
            work.notes[f"unread_{column}"] = sum(c.get(f"unread:{column}", 0) for c in counts)
        for name in {name for c in counts for name in c if name.startswith("redacted:")}:
            work.notes[name.replace(":", "_")] = sum(c.get(name, 0) for c in counts)

        no_records = pa.RecordBatch.from_pylist([], schema=joined)
        empty = to_listings(no_records, pa.array([], pa.int64()), "", mapping)
        ordered = work.step("sort", shaping, shards, keep=False)
        sort = Sort(spilled.folder, len(splits), config.source.on_duplicate_id, empty)
        work.map("Sort", sort, ordered, seconds=size / 50e6)

        allow = tuple(place if "://" in place else config.place(place).url for place in config.image.allow)
        photos = PhotoSource(base, config.image, allow)
        look = PhotoWork(ordered.dataset("sorted"), ordered.dataset("rejected"), photos, work.previous("images"))
        work.map("Look at photos", look, seconds=records / (500 if mapping.mapped.get("image") else 50_000))

    def metrics(self, work: StageRun, summary: Summary) -> dict[str, float | int | str | None]:
        """Records and unparsable ones against listings and rejected, and values that did not fit their type."""
        rows = work.notes["source_rows"]
        told = {name: work.notes[name] for name in sorted(work.notes) if name.startswith(("unread_", "redacted_"))}
        return {**row_metrics(rows, {**summary.counts, **work.notes}, summary, "listings"), **told}

    def sentence(self, manifest: Manifest) -> str:
        """Say what came in, of which columns values could not be read, and of which personal data was taken out."""
        said = super().sentence(manifest)
        for kind, words in (("unread_", "not understood and left empty"), ("redacted_", "personal data taken out")):
            figures = {k.removeprefix(kind): v for k, v in manifest.metrics.items() if k.startswith(kind) and v}
            if figures:
                said += f"; {words}: " + ", ".join(f"{number:,} of {name}" for name, number in figures.items())
        return said


def _refuse_raw(work: StageRun) -> None:
    """Refuse a run folder in which listings lie as they came: what was published before is kept there.

    Raises:
        ConfigError: there are such listings.
    """
    stage = work.run.stage(work.stage.name)
    for name in stage.children():
        facts = work.run.facts(work.stage.name, name)
        if facts and facts["settings"].get("keep_raw", True):
            raise ConfigError(
                f"clean.keep_raw is false, but {work.run.place} holds listings that were read with their personal data "
                f"({stage / name}); remove that folder, or name another by `run:`"
            )


def photo_base(config: Config) -> Storage:
    """The folder that relative photo paths start from.

    Raises:
        ConfigError: `image.root` names a folder that is not there.
    """
    base = config.place(config.image.root or ".")
    if config.image.root is not None and not base.fs.isdir(base.path):
        raise ConfigError(f"image.root: there is no folder {base}; expected the folder that photo paths start from")
    return base


def _rows(split: sources.Split) -> float:
    if split.rows is not None:
        return split.rows
    return split.file.size() / (60 if split.file.name.endswith(".gz") else 300)  # bytes of a usual row


def photo_stamp(root: Storage) -> str:
    """Sum up names, sizes and times of all files below a folder."""
    found = root.fs.find(root.path, detail=True) if root.exists() else {}
    lines = [
        f"{name.removeprefix(root.path)}:{info['size']}:{info.get('ETag') or info.get('mtime')}"
        for name, info in sorted(found.items())
    ]
    return xxhash.xxh3_128_hexdigest("\n".join(lines).encode())


def photo_bytes(root: Storage) -> int:
    """Bytes of all files below a folder."""
    found = root.fs.find(root.path, detail=True) if root.exists() else {}
    return sum(info["size"] for info in found.values())
