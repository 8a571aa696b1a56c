"""The section `filter` of the configuration.

Published filters are made for photos of the web and for English: DataComp's basic filter asks for 200 pixels, an aspect
of 3 at most, and more than two words and five characters; COYO-700M for 5 KB, 200 pixels and an aspect of 3;
LAION-400M for 5 KB and five characters. Catalogs differ: whole shops have photos under 200 pixels, and a title may be
two Chinese characters. So sizes are lower here, and characters are counted, never words.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from .own_rule import OwnFilter, distinct
from .section import Section


class PlaceholderConfig(Section):
    """When a photo that many listings share is a placeholder. All four must hold.

    One alone is no reason: real products on white have little information, and a photo that two or three titles share
    is nearly always one product.
    """

    min_listings: int = Field(5, ge=2)  # listings that share the photo
    max_information: float = 1.5  # bits of colour entropy: a "no image" tile has little
    max_title_similarity: float = Field(0.3, ge=0, le=1)  # mean Jaccard index of title pairs
    min_brands: int = Field(2, ge=1)  # distinct brands; sellers or categories where brands are not known


class MismatchConfig(Section):
    """When a photo does not fit its title. By default pairs are scored and none is rejected."""

    score: bool = True  # whether pairs are scored at all
    model: str | None = None  # an open_clip folder that scores them; default: learnt from the catalog itself
    # The score is the share of random pairs of the catalog that fit better. On 4,754 fashion and 5,421 grocery photos
    # with their true titles 2 and 0 are over 0.5, which half of the wrong titles are over.
    max_score: float = Field(1.0, ge=0, le=1)  # rejected above; 1: none
    share: float = Field(0.0, ge=0, lt=1)  # of the listings, the worst, that are rejected whatever their score
    within: Literal["category", "catalog"] = "category"  # what `share` is a share of


class FilterConfig(Section):
    """When a listing is rejected as noise."""

    min_side: int = Field(64, ge=1)  # pixels of the shorter side (DataComp, COYO: 200)
    max_aspect: float = Field(3.0, ge=1)  # longer side over shorter (DataComp, COYO: 3)
    min_characters: int = Field(2, ge=0)  # letters and digits in the title (DataComp: 6, LAION: 5)
    placeholder: PlaceholderConfig = PlaceholderConfig()
    mismatch: MismatchConfig = MismatchConfig()
    own: Annotated[list[OwnFilter], AfterValidator(distinct)] = []  # filters of one's own
