import numpy as np
import pytest
from eclip.models.heads.features import Vectors


@pytest.fixture
def made():
    """Products of three kinds: the image tells kind 0 from the rest, the text tells kind 1 from the rest."""

    def make(count, seed=0, has_image=None, has_text=None):
        random = np.random.default_rng(seed)
        kind = random.integers(0, 3, count)
        image, text = random.normal(0, 0.3, (2, count, 6))
        image[:, 0] += kind == 0
        text[:, 1] += kind == 1
        image, text = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (image, text))
        flags = [np.ones(count, bool) if flag is None else flag for flag in (has_image, has_text)]
        fused = (image + text) / np.linalg.norm(image + text, axis=1, keepdims=True)
        return Vectors(image, text, fused, *flags), kind

    return make
