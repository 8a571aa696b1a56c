"""The configuration: one YAML file, one section a stage, defaults that work.

Unknown keys are refused and the nearest valid one is named. `examples/catalog.yaml` documents every key. Relative
paths start from the folder of the configuration file, `run:` included; `${NAME}` stands for an environment variable.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from .attempt import SAMPLES
from .clean_config import CleanConfig
from .deduplicate_config import DeduplicateConfig
from .errors import nearest
from .filter_config import FilterConfig
from .listing import LISTINGS
from .put_back import PutBack
from .runner_config import RunnerConfig
from .section import Section
from .storage import Storage

# What a source column may be mapped to; the rest of the listing is computed.
COMPUTED = {"title_raw", "photo_count", "image_sha", "width", "height", "information", "image_error",
            "row_hash", "source_file", "source_row"}  # fmt: skip
MAPPABLE = [name for name in LISTINGS.schema.names if name not in COMPUTED]
ONE_COLUMN = {"price", "updated_at", "phash"}  # two of them joined are none
UNDERSTOOD = (*sorted(ONE_COLUMN), "attributes")  # columns whose values may not fit their type, and are counted
MOST_SHARDS = 65_536


class LookupConfig(Section):
    """A small table joined to the source before the mapping, as `SELECT … LEFT JOIN`."""

    path: str
    on: str  # the source's column that holds the key
    key: str | None = None  # the key's column in the table; default: the same name
    columns: list[str] | None = None  # columns to take; default: all


class SourceConfig(Section):
    """Where listings come from and which of their columns is what."""

    path: str | list[str]  # files or globs: .parquet, .csv, .tsv, .jsonl, the text ones also .gz
    format: Literal["auto", "parquet", "csv", "jsonl"] = "auto"
    encoding: str = "utf-8"  # of CSV and JSONL
    delimiter: str | None = None  # of CSV; default: tab for .tsv, else comma
    # Ours: theirs. A list joins columns: categories by " > ", photos into several, other text by a space.
    # `attributes` takes a mapping of attribute name to column, or one column that holds a JSON object.
    columns: dict[str, str | list[str] | dict[str, str]] = {}
    decimal: Literal[".", ","] | None = None  # decimal sign of prices given as text; default: told from each price
    unmapped_columns: Literal["keep", "drop"] = "keep"
    lookup: LookupConfig | None = None
    on_duplicate_id: Literal["keep_first", "keep_last", "stop"] = "keep_first"

    @field_validator("columns")
    @classmethod
    def _known(cls, columns: dict[str, Any]) -> dict[str, Any]:
        for name, theirs in columns.items():
            if name not in MAPPABLE:
                raise ValueError(f"'{name}' is not a column of a listing{nearest(name, MAPPABLE)}")
            if isinstance(theirs, dict) and name != "attributes":
                raise ValueError(f"'{name}' takes a column or a list of columns, not a mapping")
            if isinstance(theirs, list) and theirs and name in ONE_COLUMN:
                raise ValueError(f"'{name}' takes one column, not a list; name the column that holds it")
        return columns


HashPath = Literal["exact", "fast"]


class ImageConfig(Section):
    """How photos are found, fetched and kept."""

    root: str | None = None  # folder in which photo paths start and stay, watched for changes. Default: the config's
    allow: list[str] = []  # further places that photos may come from: folders, s3://bucket/…, http://host.internal/…
    separator: str | None = None  # where one column holds several references; a JSON list needs none
    max_side: int = Field(512, ge=64)  # pixels; photos are downscaled once to this longer side
    quality: int = Field(90, ge=1, le=100)  # of the JPEG that is kept
    # "fast": hashes of JPEGs decoded as small as still serves; "exact": of all pixels, bit for bit those of imagehash.
    hash: HashPath = "fast"
    max_megapixels: float = Field(64, gt=0, le=178)  # a larger photo is not decoded (bombs); Pillow itself stops at 178
    max_mb: float = Field(32, gt=0)  # megabytes; a larger file is not read
    timeout_s: float = Field(20, gt=0)  # seconds for one URL from the question to the last byte, each try
    tries: int = Field(3, ge=1)  # for one URL
    concurrent: int = Field(16, ge=1, le=1024)  # URLs fetched at a time by one worker


class PairsConfig(Section):
    """How training pairs are drawn."""

    val_share: float = Field(0.2, ge=0, lt=1)  # of the families, where the source gives no split
    seed: int = 0


class PretrainConfig(Section):
    """How e-CLIP is trained. The defaults train a small model from scratch on one CPU thread in two minutes."""

    model: str | None = None  # a local open_clip folder to start from; default: from scratch
    tower: str = "test_resnet"  # timm model of the image tower
    image_size: int = Field(64, ge=16)  # pixels
    context_length: int = Field(20, ge=4)  # tokens of a title
    vocabulary: int = Field(2000, ge=300)  # byte-BPE tokens, learnt from the training titles
    width: int = Field(128, ge=8)  # of the text tower
    layers: int = Field(1, ge=1)  # of the text tower
    embed_dim: int = Field(128, ge=8)
    steps: int = Field(1000, ge=1)
    batch: int = Field(64, ge=2)  # pairs a step
    learning_rate: float | None = Field(None, gt=0)  # default: 4e-3 from scratch, 1e-5 from a model
    weight_decay: float = Field(0.05, ge=0)
    warmup: int = Field(30, ge=0)  # steps
    category_prompts: float = Field(1.0, ge=0)  # weight of the category-prompt term; needs categories; 0: off
    word_dropout: float = Field(0.25, ge=0, lt=1)  # share of title words left out
    checkpoint_every: int = Field(200, ge=1)  # steps
    seed: int = 0


class EmbedConfig(Section):
    """How every readable product is embedded."""

    model: str | None = None  # a local open_clip folder; default: the one that pretrain made
    batch: int = Field(64, ge=1)  # photos or titles at a time, always exactly: the last batch is padded


class HeadsConfig(Section):
    """Which labels the heads learn from. A head without labels is not trained."""

    category: str | None = "category"  # columns of the listings
    attributes: list[str] | None = None  # names; default: those on at least `min_support` training rows
    adult: str | None = None  # a column of true and false
    product: str | None = "catalog_id"  # equal for listings of one product: for matching and clustering
    min_support: int = Field(10, ge=1)  # training rows that a label needs
    seed: int = 0


class PredictConfig(Section):
    """How answers are given at catalog scale."""

    neighbours: int = Field(10, ge=1)  # candidates for each listing
    abstain: float = Field(0.0, ge=0, le=1)  # answers less probable than this are not accepted
    max_cluster: int = Field(50, ge=2)  # listings; a merge that would make a larger cluster is refused


class ReportConfig(Section):
    """What the report shows."""

    title: str | None = None
    samples: int = Field(SAMPLES, ge=1, le=SAMPLES)  # examples for each rule
    compare: str | None = None  # another run folder; default: the run before this one


class GatesConfig(Section):
    """Which suites judge, and what they compare with."""

    suites: str | None = None  # a folder of STAGE.json; a stage without a file there keeps the shipped suite
    baseline: str | None = "last"  # the last accepted run here, or the path of a run or of an entry of its history/


class Config(Section):
    """The whole configuration."""

    name: str = "catalog"
    run: str | None = None  # the run folder; default: runs/<name>
    shards: Annotated[int, Field(ge=1, le=MOST_SHARDS)] | Literal["auto"] = "auto"
    put_back: str | None = None  # CSV or JSONL of listings that no rule may take out: id, reason, date[, stage, rule]
    source: SourceConfig
    image: ImageConfig = ImageConfig()
    clean: CleanConfig = CleanConfig()
    filter: FilterConfig = FilterConfig()
    deduplicate: DeduplicateConfig = DeduplicateConfig()
    pairs: PairsConfig = PairsConfig()
    pretrain: PretrainConfig = PretrainConfig()
    embed: EmbedConfig = EmbedConfig()
    heads: HeadsConfig = HeadsConfig()
    predict: PredictConfig = PredictConfig()
    report: ReportConfig = ReportConfig()
    gates: GatesConfig = GatesConfig()
    runner: RunnerConfig = RunnerConfig()
    folder: str = Field(".", exclude=True)  # of the configuration file; relative paths start here

    @field_validator("runner", mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value  # runner: flink

    def place(self, path: str) -> Storage:
        """Resolve a path of this configuration."""
        return Storage.of(path, self.folder)

    def taken_back(self, stage: str) -> PutBack:
        """Read the put-back list, as far as a stage has to honour it; empty where there is none.

        Raises:
            ConfigError: it cannot be used.
        """
        return PutBack.read(self.place(self.put_back) if self.put_back else None).of(stage)

    @property
    def run_folder(self) -> Storage:
        """The run folder."""
        return self.place(self.run or f"runs/{self.name}")
