"""The section `filter` of the configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from .own_rule import OwnFilter, distinct
from .section import Section


class PlaceholderConfig(Section):
    """When a photo that many listings share is a placeholder. All four must hold."""

    min_listings: int = Field(5, ge=2)  # listings that share the photo
    max_information: float = 1.5  # bits of colour entropy: a "no image" tile has little
    max_title_similarity: float = Field(0.3, ge=0, le=1)  # mean Jaccard index of title pairs
    min_brands: int = Field(2, ge=1)  # distinct brands; sellers or categories where brands are not known


class FilterConfig(Section):
    """When a listing is rejected as noise."""

    min_side: int = Field(64, ge=1)  # pixels of the shorter side
    max_aspect: float = Field(3.0, ge=1)  # longer side over shorter (DataComp, COYO)
    min_characters: int = Field(2, ge=0)  # letters and digits in the title; a CJK word can be two characters
    placeholder: PlaceholderConfig = PlaceholderConfig()
    own: Annotated[list[OwnFilter], AfterValidator(distinct)] = []  # filters of one's own
