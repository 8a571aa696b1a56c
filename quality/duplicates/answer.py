"""What was found in a frame, for people: counts, reasons, and the sets side by side."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

import numpy as np
import pandas as pd

from .agreement import REASONS

SHOWN = 5  # sets in a notebook
BESIDE = 5  # variants shown beside a set


@dataclass(frozen=True, repr=False)
class Duplicates:
    """What was found: who was dropped for whom, who is only linked, and the families that a split must not cut."""

    dropped: pd.DataFrame  # dropped_id, kept_id, rule, text_similarity, image_distance
    links: pd.DataFrame  # left_id, right_id, kind, similarity, veto
    families: pd.Series  # family of each id
    titles: pd.Series  # title of each id
    kept: np.ndarray  # [bool (n,)] the frame's rows that stay: df[found.kept], in polars df.filter(found.kept)
    unread_photos: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["id", "photo", "error"]))

    @property
    def rows(self) -> int:
        """Listings that were looked at."""
        return len(self.families)

    def __repr__(self) -> str:
        vetoed = int(self.links["veto"].notna().sum())
        lines = [
            f"{self.rows:,} listings: {_count(len(self.dropped), 'duplicate')}, {_count(len(self.links), 'link')} "
            f"({vetoed:,} of them variants), {_count(self.families.nunique(), 'family', 'families')}"
        ]
        for what, rules in (("dropped", self.dropped["rule"]), ("linked", self.links["kind"])):
            counts = rules.value_counts()
            if len(counts):
                lines.append(f"  {what + ' by':<11} " + ", ".join(f"{name} {n:,}" for name, n in counts.items()))
        if len(self.unread_photos):
            one = self.unread_photos.iloc[0]
            lines.append(f"  {_count(len(self.unread_photos), 'photo')} could not be read, such as {one.photo} "
                         f"({one.error}); see .unread_photos")  # fmt: skip
        return "\n".join(lines)

    def summary(self) -> pd.DataFrame:
        """Count what was dropped, linked, and kept apart as variants, by what agrees or conflicts.

        Returns:
            Columns outcome, by, pairs, similarity (the median); photos that could not be read are counted as `unread`.
        """
        plain = self.links[self.links["veto"].isna()]
        parts = [
            ("dropped", self.dropped, "rule", "text_similarity"),
            ("linked", plain, "kind", "similarity"),
            ("variant", self.links[self.links["veto"].notna()], "veto", "similarity"),
        ]
        rows: list[dict[str, object]] = [
            {"outcome": outcome, "by": by, "pairs": len(some), "similarity": round(float(some[alike].median()), 2)}
            for outcome, frame, column, alike in parts
            for by, some in sorted(frame.groupby(column), key=lambda part: -len(part[1]))
        ]
        if len(self.unread_photos):
            rows.append({"outcome": "unread", "by": "photo", "pairs": len(self.unread_photos), "similarity": np.nan})
        return pd.DataFrame(rows, columns=["outcome", "by", "pairs", "similarity"])

    def show(self, df: pd.DataFrame | None = None, sets: int = 10) -> pd.DataFrame:
        """Lay sets of duplicates side by side, the largest first, then links; the listing that is kept leads its set.

        Behind a set stand the listings that were kept apart from it as variants, a few of them.

        Args:
            df: The frame with the ids as its index, to show its columns too.
            sets: How many, links included.

        Returns:
            A row for each listing: set, id, outcome, why, title, and the columns of `df`.
        """
        largest = self.dropped["kept_id"].value_counts(sort=True).head(sets).index
        rows: list[dict[str, object]] = []
        shown: set[object] = set()
        apart = self.links[self.links["veto"].notna()]
        for number, kept in enumerate(largest, 1):
            mine = self.dropped[self.dropped["kept_id"] == kept]
            members = {kept, *mine["dropped_id"]}
            rows.append({"set": number, "id": kept, "outcome": "kept", "why": f"stands for {len(mine):,}"})
            rows += [
                {"set": number, "id": row.dropped_id, "outcome": "dropped", "why": why(row.rule, row.text_similarity,
                                                                                       row.image_distance)}
                for row in mine.itertuples()
            ]  # fmt: skip
            left, right = apart["left_id"].isin(members), apart["right_id"].isin(members)
            beside = apart["right_id"].where(left, apart["left_id"])[left != right]
            others = (
                pd.DataFrame({"id": beside, "why": "veto: " + apart["veto"]})
                .dropna()
                .drop_duplicates("id")
                .head(BESIDE)
            )
            rows += [{"set": number, "id": row.id, "outcome": "variant", "why": row.why}
                     for row in others.itertuples()]  # fmt: skip
            shown |= members | set(others["id"])
        rest = self.links[~(self.links["left_id"].isin(shown) | self.links["right_id"].isin(shown))]
        rest = rest.sort_values("similarity", ascending=False, kind="stable").head(sets - len(largest))
        for number, row in enumerate(rest.itertuples(), len(largest) + 1):
            outcome, reason = (
                ("variant", f"veto: {row.veto}") if isinstance(row.veto, str) else ("linked", f"alike by {row.kind}")
            )
            rows += [
                {"set": number, "id": one, "outcome": outcome, "why": reason} for one in (row.left_id, row.right_id)
            ]
        table = pd.DataFrame(rows, columns=["set", "id", "outcome", "why"])
        table["title"] = self.titles.reindex(table["id"]).to_numpy()
        if df is not None:
            more = df.drop(columns=[name for name in table.columns if name in df.columns])
            table = table.join(more, on="id")
        return table

    def _repr_html_(self) -> str:
        shown = self.show(sets=SHOWN).to_html(index=False) if len(self.dropped) + len(self.links) else ""
        return f"<pre>{escape(repr(self))}</pre>{shown}"


def why(rule: str, text_similarity: float, image_distance: float) -> str:
    """Say why a listing was dropped.

    >>> why("image_and_text", 0.875, 2.0)
    'photo and title agree: 88% of their shingles, 2 bits apart'
    """
    said = f"{REASONS.get(rule, rule)}: {text_similarity:.0%} of their shingles"
    return said if pd.isna(image_distance) else f"{said}, {image_distance:.0f} bits apart"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
