"""What a report is made from: facts of each stage, and the few rows that are shown.

Plain values only, so that `report.json` holds them all; pictures stand apart, in `photos`, for the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

Number = int | float


class Facts(BaseModel):
    """Base of the records: frozen; every field has a default, so that what is not there is left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StageFacts(Facts):
    """What is known of one stage."""

    name: str
    state: str = "not run"  # done, skipped, failed, running or not run
    reason: str = ""
    seconds: float | None = None
    published_at: str = ""
    attempt: str = ""
    follows: bool = True  # false: published by an earlier run, before a stage ahead of it changed or stopped
    settings: dict[str, Any] = {}  # what the published rows were made with
    counts: dict[str, int] = {}
    metrics: dict[str, Number | str | None] = {}
    rows: dict[str, int] = {}  # by dataset
    verdict: dict[str, Any] = {}  # as in the manifest: passed, failures, `accepted` where a person overruled
    gate: dict[str, Any] = {}  # as in gate.json: a Great Expectations validation result
    stopped: dict[str, Any] = {}  # `gate` and `metrics` of an attempt that its gate stopped and nobody has accepted

    @property
    def published(self) -> bool:
        """Whether there is something to show."""
        return bool(self.attempt)

    @property
    def refused(self) -> bool:
        """Whether what is published does not pass its gate, as when a changed suite judged it again."""
        return self.published and not self.verdict.get("passed", True) and not self.verdict.get("accepted")


class Listing(Facts):
    """A listing as it is shown."""

    id: str
    title: str = ""
    seller: str = ""


class Rejected(Facts):
    """An example of a rule that took rows out."""

    stage: str
    rule: str
    listing: Listing
    detail: str = ""


class Misfit(Facts):
    """A listing whose photo does not seem to show what its title says."""

    listing: Listing
    mismatch: float  # share of random pairs of photo and title that fit better, 0 to 1
    kept: bool = True


class Measured(Facts):
    """What the listings that the filter let through measure by one of its scores."""

    name: str
    lowest: float
    mean: float
    highest: float


class Retitled(Facts):
    """A title before and after cleaning, and the rules that changed it."""

    id: str
    before: str
    after: str
    rules: list[str] = []


class Cleaned(Facts):
    """What a cleaning rule did to the titles that were looked at."""

    rule: str
    changed: int = 0  # of those
    samples: list[Retitled] = []
    removed: list[tuple[str, int]] = []  # what it took out most often, or what became what


class Point(Facts):
    """A value of a threshold, and what it would take out."""

    value: float
    rows: int | None = None  # listings; none where there were too many pairs to decide anew
    pairs: int | None = None
    now: bool = False


class Margin(Facts):
    """A listing or a pair near a threshold."""

    listing: Listing
    other: Listing | None = None
    score: float
    out: bool  # whether it was taken out


class Sweep(Facts):
    """What a threshold would take out at other values."""

    key: str  # of the configuration
    points: list[Point]
    margin: list[Margin] = []


class PutBackShown(Facts):
    """A listing that a person has put back."""

    listing: Listing
    reason: str
    date: str
    overruled: str = ""  # what would have taken it out; empty where nothing would, or where it is not there
    there: bool = True


class Compared(Facts):
    """The run that this one is compared with."""

    name: str  # for people
    stages: list[StageFacts] = []
    profiles: dict[str, dict[str, Any]] = {}  # drift by stage, as quality.gates.drift says


class Dropped(Facts):
    """A duplicate that was dropped, and why."""

    listing: Listing
    rule: str
    text_similarity: float | None = None  # Jaccard index, 0 to 1
    image_distance: int | None = None  # bits that differ; none where there is no photo to compare


class DuplicateSet(Facts):
    """The listing that stays, and those that were dropped for it."""

    kept: Listing
    dropped: list[Dropped]
    why: str = ""  # why this one stays
    more: int = 0  # members that are not shown


class Variants(Facts):
    """Two listings that look alike and were kept apart."""

    left: Listing
    right: Listing
    veto: str
    kind: str
    said: list[str] = []  # what the left and the right one say of it, where that can be told
    similarity: float | None = None


class Duplicates(Facts):
    """What was decided on pairs of listings."""

    cells: dict[str, dict[str, dict[str, int]]] = {}  # what agrees -> who sells -> pairs, dropped, vetoed
    sizes: dict[int, int] = {}  # listings of a set -> sets
    links: dict[str, int] = {}  # by kind
    vetoes: dict[str, int] = {}  # links between variants, by what differs
    sets: list[DuplicateSet] = []
    variants: list[Variants] = []


class Answers(Facts):
    """What one head said of the catalog."""

    task: str  # category, adult, or an attribute's name
    answers: int
    accepted: int
    labels: dict[str, int] = {}  # the most frequent accepted ones


class Predictions(Facts):
    """What the heads said of the catalog."""

    tasks: list[Answers] = []
    matches: int = 0
    matches_accepted: int = 0
    clusters: dict[int, int] = {}  # listings of a cluster -> clusters


class ReportData(Facts):
    """Everything that a report shows."""

    title: str = ""
    name: str = "catalog"
    folder: str = ""  # the run folder
    data: dict[str, str] = {}  # datasets to open, and the folder that holds each
    made_at: str = ""  # ISO 8601
    config: dict[str, Any] = {}
    versions: dict[str, str] = {}
    stages: list[StageFacts] = []
    retitled: list[Retitled] = []
    cleaned: list[Cleaned] = []  # by rule, in order
    titles_traced: int = 0  # that `cleaned` was counted on
    sweeps: list[Sweep] = []
    put_back: list[PutBackShown] = []
    put_back_more: int = 0  # that are not shown
    reviews: list[dict[str, Any]] = []  # what people found, as quality.report.review says
    drift: dict[str, dict[str, Any]] = {}  # by stage, against the gate's baseline
    compared: Compared | None = None
    rejected: list[Rejected] = []
    misfits: list[Misfit] = []  # the worst first
    measured: list[Measured] = []
    duplicates: Duplicates = Duplicates()
    losses: list[tuple[int, float | None]] = []  # step, loss; none where it was no number
    curves: dict[str, list[tuple[int, float | None]]] = {}  # what else was logged while training: step, value
    heads: dict[str, Any] = {}  # finetune's metrics.json: evaluated_on, tasks
    predictions: Predictions = Predictions()
    photos: dict[str, str] = {}  # id -> data URI of a thumbnail
    photo_errors: dict[str, str] = {}  # id -> why there is none

    @property
    def by_name(self) -> Mapping[str, StageFacts]:
        """The stages by name."""
        return {stage.name: stage for stage in self.stages}
