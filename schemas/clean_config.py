"""The section `clean` of the configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from .own_rule import OwnCleaning, distinct
from .section import Section


class CleanConfig(Section):
    """Which cleaning rules run, in order."""

    rules: list[str] | None = None  # default: all, in the order of eclip.quality.text.rules
    skip: list[str] = []  # rules to leave out
    own: Annotated[list[OwnCleaning], AfterValidator(distinct)] = []  # rules of one's own
    language: bool = True  # fill `lang` where the source has none (py3langid)
    keep_raw: bool = True  # false: ingest takes personal data out before anything is written
