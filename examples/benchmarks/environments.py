"""Where the tools that we are compared with are installed: apart from our own environment, each for itself, once.

What they require clashes with what we require, and with each other. They lie below one folder, by default `.peers`
beside the benchmarks, which git ignores; delete it to have them installed anew.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parent / ".peers"


def environment(name: str, requirements: Sequence[str], folder: Path = FOLDER) -> Path:
    """Make a virtual environment unless it is there; give its Python.

    Raises:
        subprocess.CalledProcessError: it could not be installed; what the installer said is on standard error.
    """
    home = folder / name
    python, made = home / "bin/python", home / "requirements.txt"
    if not made.exists() or made.read_text().splitlines() != [*requirements]:
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        _install([str(python)], requirements, [])
        made.write_text("\n".join(requirements) + "\n")
    return python


def importable(name: str, requirements: Sequence[str], folder: Path = FOLDER) -> None:
    """Install packages without what they require, and let this process import them: to be timed beside ours in it."""
    home = folder / name
    made = home / "requirements.txt"
    if not made.exists() or made.read_text().splitlines() != [*requirements]:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        _install([sys.executable], requirements, ["--no-deps", "--target", str(home)])
        made.write_text("\n".join(requirements) + "\n")
    sys.path.append(str(home))


def _install(python: Sequence[str], requirements: Sequence[str], options: Sequence[str]) -> None:
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    installer = (
        [uv, "pip", "install", "--quiet", "--python", *python] if uv else [*python, "-m", "pip", "install", "-q"]
    )
    subprocess.run([*installer, *options, *requirements], check=True)
