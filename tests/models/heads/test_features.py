import numpy as np
import pyarrow as pa
import pytest
from eclip.models.heads.features import Vectors, modality_copies
from eclip.schemas.prediction import embeddings


def test_reads_the_embeddings_contract_also_a_slice_of_it():
    numbers = np.arange(24, dtype=np.float16).reshape(6, 4)
    vector = embeddings(4).schema.field("image").type
    column = pa.FixedSizeListArray.from_arrays(pa.array(numbers.ravel()), type=vector)
    flags = pa.array([True, False, True, True, True, False])
    batch = pa.record_batch(
        {
            "id": list("abcdef"),
            "image": column,
            "text": column,
            "fused": column,
            "has_image": flags,
            "has_text": flags,
        }
    )
    found = Vectors.of(batch.slice(2, 3))
    assert found.image.tolist() == numbers[2:5].tolist()
    assert found.has_text.tolist() == [True, True, True]
    table = pa.Table.from_batches([batch.slice(0, 2), batch.slice(4, 2)])
    assert Vectors.of(table).fused.tolist() == numbers[[0, 1, 4, 5]].tolist()


def test_inputs_hide_what_is_absent(made):
    vectors, _ = made(4, has_image=np.array([True, False, True, False]), has_text=np.array([True, True, False, False]))
    inputs = vectors.inputs()
    assert inputs.shape == (4, 14)
    assert inputs[:, -2:].tolist() == [[1, 1], [0, 1], [1, 0], [0, 0]]
    assert inputs[0, :6] == pytest.approx(vectors.image[0] * np.sqrt(6))
    assert not inputs[1, :6].any()
    assert not inputs[2, 6:12].any()
    assert not inputs[3].any()
    assert (vectors.only("image").inputs()[0] == vectors.only("image").take([0]).inputs()[0]).all()
    assert vectors.only("text").inputs()[:, -2:].tolist() == [[0, 1], [0, 1], [0, 0], [0, 0]]


def test_each_product_is_shown_as_often_as_it_can_and_weighs_one(made):
    vectors, _ = made(4, has_image=np.array([True, False, True, False]), has_text=np.array([True, True, False, False]))
    inputs, rows, weights = modality_copies(vectors)
    assert sorted(rows.tolist()) == [0, 0, 0, 1, 2]
    assert np.bincount(rows, weights) == pytest.approx([1, 1, 1])
    seen = {(int(row), *flags) for row, flags in zip(rows, inputs[:, -2:].astype(int).tolist(), strict=True)}
    assert seen == {(0, 1, 1), (0, 1, 0), (0, 0, 1), (1, 0, 1), (2, 1, 0)}
