"""The section `clean` of the configuration."""

from __future__ import annotations

from .section import Section


class CleanConfig(Section):
    """Which cleaning rules run, in order."""

    rules: list[str] | None = None  # default: all, in the order of eclip.quality.text.rules
    skip: list[str] = []  # rules to leave out
    language: bool = True  # fill `lang` where the source has none (py3langid)
