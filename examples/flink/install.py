"""Install what a test cluster needs into a folder of its own: Flink, the job server, an environment for each pool.

Flink comes from the Python package index (apache-flink-libraries has its jars, but no scripts), the job server from
Maven by pom.xml. A pool's environment has the wheel built from this checkout, not the checkout: what is not in the
wheel is not there.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FLINK = "1.19"
NOT_NEEDED = ("flink-table", "flink-cep", "flink-json", "flink-csv")  # jars of Flink's own languages
LEFT_OUT = (".*", "build", "runs", "demo", "*.egg-info", "__pycache__", "tests")


def tell(line: str) -> None:
    """Say what is being done: some of it takes minutes."""
    print(line, file=sys.stderr, flush=True)


class InstallError(RuntimeError):
    """Report what could not be installed, and what would help."""


def called(command: Sequence[object], needed_for: str) -> None:
    """Run a command; where it fails, say its last lines and for what it was needed."""
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    except OSError as error:
        raise InstallError(f"{needed_for}: {error}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise InstallError(f"{needed_for}: `{command[0]}` ended with {done.returncode}\n  " + "\n  ".join(said))


def flink(home: Path) -> Path:
    """Give the folder that holds Flink's lib/, downloaded (230 MB) if it is not there."""
    target = home / f"flink-{FLINK}"
    if (target / "lib").is_dir():
        return target
    tell("Flink is downloaded")
    with tempfile.TemporaryDirectory(dir=home) as temporary:
        folder = Path(temporary)
        called(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", folder,
             f"apache-flink-libraries=={FLINK}.*"],
            "Flink itself, from the package index",
        )  # fmt: skip
        with tarfile.open(next(folder.glob("apache*flink*.tar.gz"))) as archive:
            jars = [
                member for member in archive
                if "/deps/lib/" in member.name and not Path(member.name).name.startswith(NOT_NEEDED)
            ]  # fmt: skip
            archive.extractall(folder, jars, filter="data")
        next(folder.glob("*/deps")).rename(target)
    return target


def job_server(home: Path) -> Path:
    """Give the job server's jar, built (Maven, 157 MB) if it is not there."""
    folder = home / "job-server"
    pom = (HERE / "pom.xml").read_bytes()
    jar, built = folder / "target" / "flink-job-server-1.jar", folder / "pom.xml"
    if not (jar.exists() and built.read_bytes() == pom):
        tell("the job server is built by Maven")
        folder.mkdir(exist_ok=True)
        jar.unlink(missing_ok=True)
        built.write_bytes(pom)
        called(["mvn", "--quiet", "--batch-mode", "--file", built, "package"], "the job server, by Maven")
    return jar


def of_checkout() -> None:
    """Refuse what is installed elsewhere: the pools' wheel is built from a checkout."""
    if not (ROOT / "setup.cfg").exists():
        raise InstallError(
            f"the pools' wheel is built from a checkout, and {ROOT} is none: in a clone of eclip, "
            f"`pip install --editable '.[models]'`, then again"
        )


def wheel(home: Path) -> Path:
    """Build the wheel of this checkout."""
    of_checkout()
    target = home / "wheels"
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory() as temporary:
        source = Path(temporary) / "eclip"  # building leaves a build folder, which must not stand in the checkout
        shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(*LEFT_OUT))
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", target, source]
        called(command, "the wheel of this checkout")
    return next(target.glob("*.whl"))


def environment(folder: Path, built: Path, own: Sequence[Path] = ()) -> bool:
    """Install what has changed in a pool's environment; whether something had.

    Args:
        folder: The environment.
        built: The wheel of eclip.
        own: Wheels with rules or models of one's own.
    """
    python = folder / "bin" / "python"
    stamp = hashlib.sha256(b"".join(file.read_bytes() for file in (built, *own))).hexdigest()
    note = folder / "installed"
    if python.exists() and note.exists() and note.read_text() == stamp:
        return False
    tell(f"{folder.name} is installed")
    if not python.exists():
        called([sys.executable, "-m", "venv", folder], "an environment for a pool")
    uv = Path(sys.executable).with_name("uv")
    tool = [uv, "pip", "install", "--quiet", "--python", python]
    if not uv.exists():
        tool = [python, "-m", "pip", "install", "--quiet"]
    limits = ["--constraint", ROOT / "constraints.txt"]
    called([*tool, *limits, f"eclip[models,s3] @ {built.as_uri()}", *own], "what a pool needs")
    # An equal version is not installed anew by itself.
    again = "--reinstall" if uv.exists() else "--force-reinstall"
    called([*tool, "--no-deps", again, built, *own], "the wheels of a pool")
    note.write_text(stamp)
    return True
