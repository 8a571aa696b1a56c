from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pytest
from eclip.quality import mismatch
from eclip.quality.mismatch import Model, NoModelError, fit, score
from eclip.quality.views import Pairs
from PIL import Image
from shop import photo, shop
from sklearn.metrics import average_precision_score


def values(found: pa.FloatArray) -> np.ndarray:
    return np.asarray(found.to_numpy(zero_copy_only=False))


def blank() -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", (80, 80), (255, 255, 255)).save(sink, "JPEG")
    return sink.getvalue()


@pytest.fixture(scope="module")
def drawn() -> tuple[list[bytes], list[str], np.ndarray]:
    return shop(swapped=0.1)


def test_swapped_titles_are_found_and_right_ones_are_left_alone(drawn: tuple) -> None:
    jpegs, titles, wrong = drawn
    found = values(score(jpegs, titles))
    assert average_precision_score(wrong, found) > 0.85  # chance is 0.1
    assert np.median(found[wrong]) > 0.3
    assert np.mean(found[~wrong] > 0.5) < 0.01
    # Twice the share over a half is about the share that was swapped.
    assert 0.04 < 2 * np.mean(found > 0.5) < 0.16


def test_where_nothing_is_wrong_hardly_a_pair_looks_so() -> None:
    jpegs, titles, _ = shop(seed=3)
    found = values(score(jpegs, titles))
    assert np.mean(found > 0.5) < 0.01
    assert found.mean() < 0.05


def test_photos_that_have_nothing_to_do_with_titles_look_like_random_pairs() -> None:
    jpegs, titles, _ = shop()
    found = values(score(jpegs, titles[7:] + titles[:7]))
    assert 0.4 < found.mean() < 0.6


def test_scores_do_not_depend_on_the_order_of_rows(drawn: tuple) -> None:
    jpegs, titles, _ = drawn
    order = np.random.default_rng(0).permutation(len(jpegs))
    whole, again = values(score(jpegs, titles)), values(score([jpegs[k] for k in order], [titles[k] for k in order]))
    assert np.abs(again - whole[order]).max() < 1e-3
    assert (values(score(jpegs, titles)) == whole).all()


def test_a_row_is_judged_alike_beside_other_rows(drawn: tuple) -> None:
    jpegs, titles, _ = drawn
    pairs = Pairs.of(jpegs, titles)
    model = fit(pairs)
    whole, few = values(model.score(pairs)), values(model.score(pairs.take(np.arange(100, 130))))
    assert np.abs(few - whole[100:130]).max() < 1e-3
    assert Model.from_bytes(model.to_bytes()).score(pairs).equals(model.score(pairs))


def test_copies_of_a_wrong_pair_do_not_vouch_for_each_other() -> None:
    jpegs, titles, _ = shop()
    copies = [photo("ball", "red", 9000 + n) for n in range(6)]
    found = values(score([*jpegs, *copies], [*titles, *["Acme black ladder 555"] * 6]))
    assert found[-6:].min() > 0.1


def test_a_title_that_many_listings_have_is_known_to_every_fold() -> None:
    jpegs, titles, wrong = shop(swapped=0.1)
    short = [" ".join(title.split()[1:3]) for title in titles]  # colour and kind: forty titles
    found = values(score(jpegs, short))
    assert average_precision_score(wrong, found) > 0.85


def test_rows_without_photo_or_title_have_no_score(drawn: tuple) -> None:
    jpegs, titles, _ = drawn
    found = score([None, *jpegs, jpegs[0], jpegs[0]], ["a mug", *titles, None, " "])
    assert found.is_null().to_pylist() == [True, *[False] * len(jpegs), True, True]
    assert not np.isnan(values(found)[1:-2]).any()


@pytest.mark.parametrize("shared", ["photo", "blank"])
def test_one_photo_for_many_titles_gives_scores_and_no_nan(shared: str) -> None:
    jpegs, titles, _ = shop()
    one = photo("box", "red", 0) if shared == "photo" else blank()
    found = score([*jpegs[:200], *[one] * 200], titles)
    assert found.null_count == 0
    assert 0 <= values(found).min() <= values(found).max() <= 1


def test_why_there_is_no_score_is_said(drawn: tuple) -> None:
    jpegs, titles, _ = drawn
    for photos, texts, says in [
        (jpegs[:50], titles[:50], "50 listings with photo and title are under 200"),
        (jpegs, ["a red mug"] * len(jpegs), "all titles are alike"),
        ([jpegs[0]] * len(jpegs), titles, "all photos are alike"),
    ]:
        with pytest.raises(NoModelError, match=says):
            score(photos, texts)
    with pytest.raises(ValueError, match="1 photos and 2 titles"):
        score(jpegs[:1], titles[:2])


def test_titles_without_a_letter_harm_nobody() -> None:
    jpegs, titles, _ = shop()
    found = score(jpegs, [*titles[:-30], *["★"] * 15, *["!!"] * 15])
    assert found.null_count == 0


def test_vectors_of_a_model_are_judged_by_their_cosine() -> None:
    random = np.random.default_rng(0)
    photos = random.normal(size=(500, 16))
    titles = photos + random.normal(size=(500, 16)) * 0.5
    wrong = np.arange(500) % 10 == 0
    titles[wrong] = np.roll(titles[wrong], 1, axis=0)
    unit = [(v / np.linalg.norm(v, axis=1, keepdims=True)).astype(np.float32) for v in (photos, titles)]
    pairs = Pairs(unit[0], unit[1], *random.integers(0, 1 << 60, (2, 500)).astype(np.uint64))
    found = values(fit(pairs, embedded=True).score(pairs))
    assert average_precision_score(wrong, found) > 0.95
    assert np.median(found[wrong]) > 0.3


def test_a_fold_that_saw_one_title_only_cannot_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    jpegs, _, _ = shop()
    monkeypatch.setattr(mismatch, "COPIES", 10_000)  # two titles, each held out whole
    titles = ["red ball", "blue tent"] * (len(jpegs) // 2)
    with pytest.raises(NoModelError):
        score(jpegs, titles)
