"""The section `deduplicate` of the configuration."""

from __future__ import annotations

import itertools
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
    """The decision table: what agrees x who sells. A veto turns every drop into a link."""

    image_and_text: Cell
    equal_title: Cell  # the normalised titles are equal; photos that are far apart are a veto
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


class LinkConfig(Section):
    """Which listings that stay are linked though neither their titles nor their photos agree on their own."""

    # Cosine of the titles' words, weighed by rarity in the catalog, from which they resemble each other; less is enough
    # where the photos are near, in proportion.
    word_similarity: float = Field(0.5, gt=0, le=1)
    image_far_64: int = Field(20, ge=1, le=32)  # bits of 64 (of 256: four times as many) from which photos say nothing
    # A link by words must be so near to the nearest that its two listings have, on average: a listing in a crowd of
    # alike titles is linked to the nearest ones, not to the crowd.
    nearest: float = Field(0.7, ge=0, le=1)


class FamilyConfig(Section):
    """How links grow into families, which splits never cut."""

    min_similarity: float = Field(0.7, ge=0, le=1)  # of the texts, where the photos do not agree
    max_size: int = Field(200, ge=2)  # listings; a larger one would be a chain, not a family


class DeduplicateConfig(Section):
    """When two listings agree, and what then becomes of them."""

    preset: Literal["catalog", "training"] = "catalog"
    decision: DecisionConfig | None = None  # default: the preset's table
    text_similarity: float = Field(0.6, ge=0, le=1)  # Jaccard index of char-3 shingles from which texts agree
    # Where photos are so many of 64 bits apart (of 256: four times as many), at most: Jaccard index from which text and
    # photo agree together. Nearer photos ask less of the text.
    text_beside_photo: dict[int, float] = {0: 0.3, 2: 0.4, 4: 0.5, 8: 0.6}
    image_distance: int = Field(32, ge=0, le=64)  # bits of the 256-bit hash up to which photos agree
    image_distance_64: int = Field(4, ge=0, le=12)  # bits of the 64-bit hash, where a listing has no longer one
    colour_distance: float = Field(4, ge=0)  # difference of brightness and of colour up to which they do; 0 to 400
    image_far: float = Field(0.25, ge=0, le=1)  # share of the bits from which photos contradict an equal title
    word_veto: bool | None = None  # titles of which each says a word that the other lacks; default: catalog only
    price_ratio: float | None = Field(None, gt=1)  # dearer over cheaper from which nothing is dropped; default: none
    max_set: int = Field(100, ge=2)  # listings that one may stand for, exact copies beside; the others are linked
    store_floor: float = Field(0.5, ge=0, le=1)  # pairs below are not kept; down to here nothing is compared anew
    num_perm: int = Field(128, ge=2)  # MinHash values
    bands: int = Field(32, ge=1)  # LSH bands; bands x rows <= num_perm
    rows: int = Field(4, ge=1)  # values a band
    leaders: int = Field(8, ge=1)  # in a bucket, members are compared with this many leaders
    max_links: int = Field(10, ge=1)  # links kept for a listing: its nearest; a leader has those of its offers beside
    links: LinkConfig = LinkConfig()
    survivor: list[Literal["trusted", "photo", "attributes", "newest", "oldest", "cheapest"]] = [
        "trusted",
        "photo",
        "attributes",
    ]
    trusted_sellers: list[str] = []
    family: FamilyConfig = FamilyConfig()
    vetoes: Annotated[list[OwnVeto], AfterValidator(distinct)] = []  # vetoes of one's own

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.bands * self.rows > self.num_perm:
            raise ValueError(
                f"bands x rows is {self.bands} x {self.rows} = {self.bands * self.rows}, more than num_perm "
                f"{self.num_perm}; raise num_perm or lower one of them"
            )
        steps = sorted(self.text_beside_photo.items())
        if any(bits < 0 or bits > 16 or not 0 <= text <= 1 for bits, text in steps):
            raise ValueError("text_beside_photo: photos are 0 to 16 of 64 bits apart, titles 0 to 1 alike")
        if any(one > other for (_, one), (_, other) in itertools.pairwise(steps)):
            raise ValueError(
                f"text_beside_photo is {dict(steps)}: photos farther apart must ask for titles more alike, not less"
            )
        return self

    @property
    def floor(self) -> float:
        """The Jaccard index below which pairs are not kept."""
        return min(self.store_floor, self.text_similarity, self.family.min_similarity)

    @property
    def word_floor(self) -> float:
        """The similarity of words below which pairs are not kept for their words."""
        return min(self.store_floor, self.links.word_similarity)

    @property
    def words_apart(self) -> bool:
        """Whether titles that say other words keep apart what photo or GTIN say is one."""
        return self.preset == "catalog" if self.word_veto is None else self.word_veto

    @property
    def table(self) -> DecisionConfig:
        """The decision table in force."""
        return self.decision or PRESETS[self.preset]
