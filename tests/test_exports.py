"""The public face: complete, typed, and cheap to import."""

from __future__ import annotations

import subprocess
import sys

import eclip
import pytest


def test_the_face_is_complete() -> None:
    assert sorted(eclip.__all__) == ["EclipError", "clean", "embed", "find_duplicates", "gate"]
    for name in eclip.__all__:
        found = getattr(eclip, name)
        assert callable(found)
        assert found.__doc__
        assert name in dir(eclip)
    with pytest.raises(AttributeError, match="has no attribute 'cleen'"):
        eclip.cleen  # noqa: B018


def test_importing_is_cheap_and_lazy() -> None:
    program = (
        "import sys, eclip\n"
        "heavy = ('apache_beam', 'torch', 'great_expectations', 'sklearn')\n"
        "first = [m for m in (*heavy, 'pandas', 'pyarrow', 'numba') if m in sys.modules]\n"
        "eclip.clean, eclip.find_duplicates, eclip.gate\n"
        "print(first, [m for m in heavy if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] []"
