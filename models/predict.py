"""All heads in one pass over a batch of embeddings; needs numpy alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..schemas.prediction import PREDICTIONS
from .clustering import ClusteringHead
from .heads.adult import AdultHead
from .heads.attributes import AttributesHead
from .heads.category import CategoryHead
from .heads.features import Vectors
from .heads.matching import MatchingHead


@dataclass(frozen=True)
class Heads:
    """Hold the heads that finetune trained; a task without labels has none."""

    category: CategoryHead | None = None
    attributes: AttributesHead | None = None
    adult: AdultHead | None = None
    matching: MatchingHead | None = None
    clustering: ClusteringHead | None = None

    @classmethod
    def load(cls, folder: Path) -> Heads:
        """Read FOLDER/heads/<task>/ for every task that is there.

        Raises:
            EclipError: a head cannot be read, or stands under another task's name.
        """

        def there(task: str) -> Path | None:
            place = folder / "heads" / task
            return place if place.is_dir() else None

        return cls(
            CategoryHead.load(place) if (place := there("category")) else None,
            AttributesHead.load(place) if (place := there("attributes")) else None,
            AdultHead.load(place) if (place := there("adult")) else None,
            MatchingHead.load(place) if (place := there("matching")) else None,
            ClusteringHead.load(place) if (place := there("clustering")) else None,
        )

    def predict(self, batch: pa.RecordBatch, abstain: float = 0.0) -> pa.RecordBatch:
        """Answer for every product: one row for category, one for adult, one for each attribute.

        Args:
            batch: rows of the embeddings contract.
            abstain: answers less probable than this are not accepted; nor is any answer about a product
                without a vector, which is nothing but the training rows' distribution.

        Returns:
            Rows of the predictions contract, sorted by id, task and attribute.
        """
        vectors = Vectors.of(batch)
        seen = vectors.has_image | vectors.has_text
        answers: list[tuple[str, str, np.ndarray, np.ndarray]] = []
        if self.adult:
            answers.append(("adult", "", *self.adult.predict(vectors)))
        if self.attributes:
            answers += [("attributes", name, *found) for name, found in self.attributes.predict(vectors).items()]
        if self.category:
            answers.append(("category", "", *self.category.predict(vectors)))
        if not answers or not batch.num_rows:
            return PREDICTIONS.empty()
        parts = [
            pa.record_batch(
                {
                    "id": batch.column("id"),
                    "task": pa.array([task] * len(vectors)),
                    "attribute": pa.array([attribute] * len(vectors)),
                    "label": pa.array(labels.tolist(), pa.string()),
                    "score": pa.array(scores, pa.float32()),
                    "accepted": pa.array((scores >= abstain) & seen),
                }
            )
            for task, attribute, labels, scores in answers
        ]
        table = pa.Table.from_batches(parts).cast(PREDICTIONS.schema)
        order = pc.sort_indices(table, [("id", "ascending"), ("task", "ascending"), ("attribute", "ascending")])
        return table.take(order).combine_chunks().to_batches()[0]
