import subprocess
import sys

import numpy as np
import pytest
from eclip.models.predict import Heads
from eclip.schemas.errors import EclipError
from eclip.schemas.prediction import PREDICTIONS


def test_heads_answer_in_the_contract_for_every_product(tuned):
    folder, _, rows, _ = tuned
    heads = Heads.load(folder)
    assert all((heads.category, heads.attributes, heads.adult, heads.matching, heads.clustering))
    vectors = ["id", "image", "text", "fused", "has_image", "has_text"]
    batch = rows.select(vectors).combine_chunks().to_batches()[0]
    found = heads.predict(batch)
    assert found.schema.equals(PREDICTIONS.schema)
    keys = list(zip(*(found.column(name).to_pylist() for name in PREDICTIONS.key), strict=True))
    assert keys == sorted(keys)
    assert keys[:3] == [("0000", "adult", ""), ("0000", "attributes", "colour"), ("0000", "category", "")]
    assert len(keys) == 3 * batch.num_rows
    # A row's answers do not depend on the batch that it comes in.
    assert heads.predict(batch.slice(7, 2)).equals(found.slice(21, 6))
    seen = np.asarray(batch.column("has_image")) | np.asarray(batch.column("has_text"))
    assert np.asarray(found.column("accepted")).tolist() == np.repeat(seen, 3).tolist()
    strict = heads.predict(batch, abstain=0.9)
    sure = np.asarray(strict.column("score")) >= 0.9
    assert np.asarray(strict.column("accepted")).tolist() == (sure & np.repeat(seen, 3)).tolist()
    assert heads.predict(batch.slice(0, 0)).num_rows == 0


def test_predicting_needs_neither_torch_nor_scikit_learn(tuned):
    code = (
        "import sys; from pathlib import Path; from eclip.models.predict import Heads;"
        "Heads.load(Path(sys.argv[1]));"
        "sys.exit(any(m in sys.modules for m in ('torch', 'sklearn', 'numba')))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tuned[0])], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_head_under_another_tasks_name_is_refused(tuned, tmp_path):
    place = tmp_path / "heads" / "category"
    place.mkdir(parents=True)
    for file in (tuned[0] / "heads" / "adult").iterdir():
        (place / file.name).write_bytes(file.read_bytes())
    with pytest.raises(EclipError, match="a head of 'adult', expected one of 'category'"):
        Heads.load(tmp_path)
