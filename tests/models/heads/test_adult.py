import numpy as np
from eclip.models import evaluate
from eclip.models.heads.adult import AdultHead


def test_rare_products_are_found_with_a_threshold_from_training_rows(made, tmp_path):
    train, kind = made(900)
    # Kind 0 is adult, thinned out to about one in twenty.
    rows = np.flatnonzero((kind != 0) | (np.arange(900) % 8 == 0))
    labels = kind[rows] == 0
    head = AdultHead.fit(train.take(rows), labels, [f"g{r // 2}" for r in rows], "hash", seed=0)
    test, truth = made(600, seed=1)
    found = head.probabilities(test)
    assert evaluate.average_precision(found, truth == 0) > 0.9
    assert 0 < head.threshold < 0.9
    answers, score = head.predict(test)
    assert ((answers == "true") == (found >= head.threshold)).all()
    assert (score[answers == "false"] == 1 - found[answers == "false"]).all()
    head.save(tmp_path)
    loaded = AdultHead.load(tmp_path)
    assert loaded.threshold == head.threshold
    assert (loaded.predict(test)[0] == answers).all()
