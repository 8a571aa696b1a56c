import numpy as np
import pytest
from eclip.quality import cca
from sklearn import cross_decomposition


@pytest.fixture
def views():
    """Two views that share three hidden numbers, with noise of their own."""
    draw = np.random.default_rng(0)
    hidden = draw.normal(size=(600, 3))
    a = hidden @ draw.normal(size=(3, 8)) + 0.5 * draw.normal(size=(600, 8))
    b = hidden @ draw.normal(size=(3, 6)) + 0.5 * draw.normal(size=(600, 6)) + 4
    return a, b


def test_correlations_without_ridge_are_those_of_classical_cca(views):
    a, b = views
    found = cca.fit(a, b, regularisation=1e-9, components=3)
    x, y = cross_decomposition.CCA(3, max_iter=5000, tol=1e-10).fit_transform(a, b)
    expected = [np.corrcoef(x[:, i], y[:, i])[0, 1] for i in range(3)]
    assert found.correlations == pytest.approx(expected, abs=1e-4)


def test_rows_that_were_not_seen_find_their_fellows(views):
    a, b = views
    found = cca.fit(a[:400], b[:400], components=3)
    cosines = found.project_a(a[400:]) @ found.project_b(b[400:]).T
    assert (cosines.argmax(1) == np.arange(200)).mean() > 0.2  # chance is 0.005
    scrambled = cca.fit(a[:400], b[399::-1], components=3)
    cosines = scrambled.project_a(a[400:]) @ scrambled.project_b(b[400:]).T
    assert (cosines.argmax(1) == np.arange(200)).mean() < 0.05


def test_projections_have_length_one_and_the_same_bits_every_time(views):
    a, b = views
    one, other = cca.fit(a, b), cca.fit(a, b)
    assert np.linalg.norm(one.project_a(a), axis=1) == pytest.approx(1, abs=1e-6)
    assert one.project_b(b).dtype == np.float32
    assert (one.project_b(b) == other.project_b(b)).all()
    assert one.weights_a.shape == (8, 6)  # no more components than the smaller view has columns


def test_more_columns_than_rows_are_held_by_the_ridge():
    draw = np.random.default_rng(1)
    found = cca.fit(draw.normal(size=(10, 50)), draw.normal(size=(10, 40)), regularisation=0.1)
    assert np.isfinite(found.weights_a).all()
    assert found.correlations[0] < 1


@pytest.mark.parametrize(
    ("a", "b", "ridge", "says"),
    [
        (np.ones((4, 2)), np.eye(4), 0.1, "first view has the same row 4 times"),
        (np.eye(4), np.eye(3), 0.1, "4 and 3 rows"),
        (np.eye(4), np.eye(4), 0.0, "expected more than 0"),
    ],
)
def test_wrong_input_is_named(a, b, ridge, says):
    with pytest.raises(ValueError, match=says):
        cca.fit(a, b, ridge)
