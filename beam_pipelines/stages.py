"""The stages, in the order in which a catalog goes through them."""

from __future__ import annotations

from .clean import Clean
from .deduplicate import Deduplicate
from .embed import Embed
from .filter import Filter
from .finetune import Finetune
from .ingest import Ingest
from .pairs import Pairs
from .predict import Predict
from .pretrain import Pretrain
from .report import Report
from .stage import Stage

STAGES: tuple[Stage, ...] = (
    Ingest(), Clean(), Filter(), Deduplicate(), Pairs(), Pretrain(), Embed(), Finetune(), Predict(),
    Report(),
)  # fmt: skip
