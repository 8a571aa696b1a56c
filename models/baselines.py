"""What simple methods reach on the same rows: every model here is reported beside them.

Photos are described by HOG and colours, titles by TF-IDF of their characters; on top stand a logistic
regression, a cosine or regularised CCA. All of them cost seconds and need neither torch nor a GPU.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import scipy.sparse
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from ..quality import cca
from ..quality.images.features import HOG_SIZE, photo_features

PHOTO_PARTS, TITLE_PARTS = 256, 256  # principal components that CCA sees
RIDGE = 0.1
MAX_FEATURES = 50_000  # n-grams
COLOUR_WEIGHTS = (1.0, 0.5, 0.25)
TITLE_STRENGTH, PHOTO_STRENGTH = 30.0, 3.0  # inverse L2 penalties that suit the features' scale


def tfidf(train: Sequence[str], *others: Sequence[str], features: int = MAX_FEATURES) -> list[scipy.sparse.csr_array]:
    """Learn character 2- to 5-grams within words on `train`; give vectors of `train` and each other list.

    Args:
        train: titles to learn the `features` most frequent n-grams and their weights from.
        others: titles to describe by these.
        features: n-grams to keep at most.
    """
    vectoriser = TfidfVectorizer(
        analyzer="char_wb",
        ngram_range=(2, 5),
        sublinear_tf=True,
        min_df=min(2, len(train)),
        max_features=features,
    )
    try:
        first = vectoriser.fit_transform(train)
    except ValueError:
        # Titles without a letter or digit in common leave no n-gram.
        return [scipy.sparse.csr_array((len(titles), 1)) for titles in (train, *others)]
    return [scipy.sparse.csr_array(m) for m in (first, *(vectoriser.transform(titles) for titles in others))]


def title_logistic(train: Sequence[str], labels: Sequence[str], titles: Sequence[str]) -> np.ndarray:
    """Fit a logistic regression on TF-IDF; give the probabilities of `titles`, as `logistic` does.

    Where there are many labels fewer n-grams are kept: 5 million weights are the limit, of which L-BFGS holds
    twenty copies.
    """
    features = max(2_000, min(MAX_FEATURES, 5_000_000 // max(1, len(set(labels)))))
    seen, asked = tfidf(train, titles, features=features)
    return logistic(seen, labels, asked, TITLE_STRENGTH)


def logistic(train: np.ndarray, labels: Sequence[str], other: np.ndarray, strength: float) -> np.ndarray:
    """Fit a logistic regression and give the probabilities of `other`'s rows, one column a label, sorted.

    Args:
        train, other: features, (n, f) and (m, f), dense or sparse.
        labels: n labels, at least two different ones.
        strength: inverse of the L2 penalty (sklearn's C).
    """
    model = LogisticRegression(C=strength, max_iter=200, tol=1e-3)
    with threadpool_limits(1), warnings.catch_warnings():
        # 200 rounds are the budget of a baseline, reached or not.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return np.asarray(model.fit(train, np.asarray(labels, dtype=object)).predict_proba(other))


def photo_logistic(train: Sequence[bytes], labels: Sequence[str], photos: Sequence[bytes]) -> np.ndarray:
    """Fit a logistic regression on HOG and colours; give the probabilities of `photos`, as `logistic` does.

    How much colours weigh against shapes differs between catalogs more than anything else: groceries are told
    apart by colour, clothes by shape. The weight is chosen on every fifth training photo, held out.
    """
    known, target = np.unique(np.asarray(labels, dtype=object), return_inverse=True)
    features, asked = photo_features(train), photo_features(photos)
    held = np.arange(len(features)) % 5 == 4
    best, chosen = -1.0, COLOUR_WEIGHTS[0]
    for weight in COLOUR_WEIGHTS if len(set(target[~held])) == len(known) else ():
        seen, judged = principal(_weigh(features[~held], weight), _weigh(features[held], weight))
        found = logistic(seen, [labels[int(i)] for i in np.flatnonzero(~held)], judged, PHOTO_STRENGTH).argmax(1)
        accuracy = float((found == target[held]).mean())
        if accuracy > best:
            best, chosen = accuracy, weight
    seen, judged = principal(_weigh(features, chosen), _weigh(asked, chosen))
    return logistic(seen, labels, judged, PHOTO_STRENGTH)


def _weigh(features: np.ndarray, colour: float) -> np.ndarray:
    return np.concatenate([features[:, :HOG_SIZE], features[:, HOG_SIZE:] * np.float32(colour)], axis=1)


def principal(train: np.ndarray, *others: np.ndarray, parts: int = PHOTO_PARTS) -> list[np.ndarray]:
    """Learn the principal components of `train`; project it and each of `others` onto them."""
    parts = min(parts, len(train) - 1, train.shape[1])
    with threadpool_limits(1):
        model = PCA(parts, svd_solver="randomized", random_state=0).fit(train)
        return [np.asarray(model.transform(rows)) if len(rows) else np.zeros((0, parts)) for rows in (train, *others)]


def photo_title_cca(
    train_photos: np.ndarray, train_titles: Sequence[str], photos: np.ndarray, titles: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Bring photos and titles into one space by regularised CCA; no labels, a few CPU-seconds.

    Args:
        train_photos, train_titles: features (n, f) and n titles to learn from, at least three.
        photos, titles: features (m, f) and m titles to project.

    Returns:
        Two arrays of unit rows, (m, components).
    """
    seen, wanted = principal(train_photos, photos)
    learnt, asked = tfidf(train_titles, titles)
    parts = min(TITLE_PARTS, len(train_titles) - 1, learnt.shape[1] - 1)
    with threadpool_limits(1):
        reduce = TruncatedSVD(max(1, parts), random_state=0)
        model = cca.fit(seen, reduce.fit_transform(learnt), RIDGE)
        return model.project_a(wanted), model.project_b(reduce.transform(asked))
