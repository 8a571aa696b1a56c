"""The section `deduplicate` of the configuration."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from .own_rule import OwnVeto, distinct
from .section import Section

Outcome = Literal["drop", "link"]


class Cell(Section):
    """What becomes of a pair, by who sells the two listings."""

    same_seller: Outcome
    other_seller: Outcome
    unknown_seller: Outcome


class DecisionConfig(Section):
    """The decision table: what agrees x who sells. A variant veto turns every drop into a link."""

    image_and_text: Cell
    equal_title: Cell  # the normalised titles are equal, the photos do not agree
    equal_gtin: Cell  # the texts agree and the GTINs are equal; equal GTINs alone are a link
    text: Cell
    image: Cell


LINK = Cell(same_seller="link", other_seller="link", unknown_seller="link")
SAME_SELLER = Cell(same_seller="drop", other_seller="link", unknown_seller="link")
DROP = Cell(same_seller="drop", other_seller="drop", unknown_seller="drop")
PRESETS = {
    # Another seller's offer of the same product is an offer, not rubbish.
    "catalog": DecisionConfig(
        image_and_text=SAME_SELLER, equal_title=SAME_SELLER, equal_gtin=SAME_SELLER, text=LINK, image=LINK
    ),
    # A model learns nothing from the same picture and words twice, whoever sells them.
    "training": DecisionConfig(
        image_and_text=DROP, equal_title=SAME_SELLER, equal_gtin=SAME_SELLER, text=LINK, image=LINK
    ),
}  # fmt: skip


class FamilyConfig(Section):
    """How links grow into families, which splits never cut."""

    min_similarity: float = Field(0.7, ge=0, le=1)  # of the texts, where the photos do not agree
    max_size: int = Field(200, ge=2)  # listings; a larger one would be a chain, not a family


class DeduplicateConfig(Section):
    """When two listings agree, and what then becomes of them."""

    preset: Literal["catalog", "training"] = "catalog"
    decision: DecisionConfig | None = None  # default: the preset's table
    text_similarity: float = Field(0.6, ge=0, le=1)  # Jaccard index of char-3 shingles from which texts agree
    image_distance: int = Field(32, ge=0, le=64)  # bits of the 256-bit hash up to which photos agree
    image_distance_64: int = Field(4, ge=0, le=12)  # bits of the 64-bit hash, where a listing has no longer one
    colour_distance: float = Field(12, ge=0)  # mean difference of the 8 x 8 RGB means (0 to 255) up to which they do
    store_floor: float = Field(0.5, ge=0, le=1)  # pairs below are not kept; down to here nothing is compared anew
    num_perm: int = Field(128, ge=2)  # MinHash values
    bands: int = Field(32, ge=1)  # LSH bands; bands x rows <= num_perm
    rows: int = Field(4, ge=1)  # values a band
    leaders: int = Field(8, ge=1)  # in a bucket, members are compared with this many leaders
    max_links: int = Field(10, ge=1)  # links kept for a listing
    survivor: list[Literal["photo", "attributes", "newest", "oldest", "cheapest"]] = ["photo", "attributes"]
    family: FamilyConfig = FamilyConfig()
    vetoes: Annotated[list[OwnVeto], AfterValidator(distinct)] = []  # vetoes of one's own

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.bands * self.rows > self.num_perm:
            raise ValueError(
                f"bands x rows is {self.bands} x {self.rows} = {self.bands * self.rows}, more than num_perm "
                f"{self.num_perm}; raise num_perm or lower one of them"
            )
        return self

    @property
    def floor(self) -> float:
        """The Jaccard index below which pairs are not kept."""
        return min(self.store_floor, self.text_similarity, self.family.min_similarity)

    @property
    def table(self) -> DecisionConfig:
        """The decision table in force."""
        return self.decision or PRESETS[self.preset]
