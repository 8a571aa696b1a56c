"""Compiled code is found by the content of its sources, and never where others could have put it."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numba
import pytest
from eclip.quality import kernel_cache
from eclip.quality.compiled import compiled
from eclip.quality.duplicates import statements

SHOP = {
    "__init__.py": "",
    "rates.py": "RATE = 10",
    "discount.py": "from eclip.quality.compiled import inner\n@inner\ndef off(price): return price - 1",
    "price.py": (
        "from eclip.quality.compiled import compiled\nfrom .discount import off\nfrom .rates import RATE\n"
        "@compiled\ndef total(price): return RATE * off(price)"
    ),
}


def double(value: int) -> int:
    return 2 * value


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Path, Path]:
    """Where code is kept: for the user, and in the temporary folder."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path / "caches/eclip/kernels", tmp_path / "temporary" / f"eclip-numba-{os.getuid()}"


def clone(folder: Path, modified: float) -> Path:
    for file, text in SHOP.items():
        path = folder / "kernel_shop" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (modified, modified))
    return folder


def total(folder: Path) -> tuple[int, bool]:
    """What a clone computes that is imported for the first time, and whether its code was found."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setattr(sys, "dont_write_bytecode", True)  # bytecode is told by time and size
        patch.setattr(kernel_cache, "_homes", {})
        try:
            price = importlib.import_module("kernel_shop.price")
            assert Path(price.__file__ or "").is_relative_to(folder)
            return price.total(3), sum(price.total.stats.cache_hits.values()) == 1
        finally:
            for name in [name for name in sys.modules if name.partition(".")[0] == "kernel_shop"]:
                del sys.modules[name]


def test_code_is_found_from_another_path_and_for_each_version_of_what_it_is_made_from(
    places: tuple[Path, Path], tmp_path: Path
) -> None:
    one, two, three = (clone(tmp_path / name, time) for name, time in (("one", 1e9), ("two", 1.5e9), ("three", 1e9)))
    assert total(one) == (20, False)
    assert total(two) == (20, True)
    (two / "kernel_shop/discount.py").write_text(
        SHOP["discount.py"].replace("1", "2")
    )  # as long, and compiled into `total`
    assert total(two) == (10, False)
    (three / "kernel_shop/rates.py").write_text("RATE = 30")  # a number, which does not say where it comes from
    assert total(three) == (60, False)
    assert [total(one), total(two)] == [(20, True), (10, True)]


def kept(place: Path) -> list[str]:
    return sorted(path.suffix for path in place.rglob("*double*"))


def doubled() -> int:
    """Run `double` as a new process would; gives how often its code was found."""
    found: Any = compiled(double)
    assert found(21) == 42
    return sum(found.stats.cache_hits.values())


def test_code_is_kept_for_the_user(places: tuple[Path, Path]) -> None:
    assert [doubled(), doubled()] == [0, 1]
    assert [kept(place) for place in places] == [[".nbc", ".nbi"], []]


def test_a_folder_that_is_asked_for_comes_first(
    places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "asked"))
    assert [doubled(), doubled()] == [0, 1]
    assert [kept(place) for place in (tmp_path / "asked", *places)] == [[".nbc", ".nbi"], [], []]


def test_the_temporary_folder_serves_where_the_home_cannot_be_written(places: tuple[Path, Path]) -> None:
    home, temporary = places
    home.parents[1].write_text("not a folder")
    assert [doubled(), doubled()] == [0, 1]
    assert kept(temporary) == [".nbc", ".nbi"]


def test_code_is_not_loaded_from_a_folder_that_others_can_write(places: tuple[Path, Path]) -> None:
    home, temporary = places
    doubled()
    home.chmod(0o777)
    assert [doubled(), doubled()] == [0, 1]
    assert kept(temporary) == [".nbc", ".nbi"]
    temporary.chmod(0o720)
    assert [doubled(), doubled()] == [0, 0]


def test_code_is_not_loaded_from_a_folder_of_others(places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    doubled()
    user = os.getuid()
    if user == 0:
        os.chown(places[0], 1, 1)
    else:
        monkeypatch.setattr(os, "getuid", lambda: user + 1)  # and so the temporary folder is another's too
    assert doubled() == 0


def test_a_folder_that_cannot_be_written_serves_for_what_it_has(
    places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    doubled()
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != places[0] or not mode & os.W_OK)
    assert doubled() == 1
    shutil.rmtree(next(places[0].iterdir()))
    assert doubled() == 0
    assert kept(places[1]) == [".nbc", ".nbi"]


def test_what_cannot_be_read_is_compiled_anew(places: tuple[Path, Path]) -> None:
    doubled()
    for path in places[0].rglob("*double*"):
        path.write_bytes(b"")  # as after a loss of power
    assert doubled() == 0


def test_folders_go_that_were_not_used_for_longest(places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    doubled()
    (used,) = places[0].iterdir()
    for age, name in enumerate(("newer", "older", "oldest"), 1):
        (places[0] / name).mkdir()
        os.utime(places[0] / name, (1e9 - age, 1e9 - age))
    os.utime(used, (1, 1))
    doubled()
    monkeypatch.setattr(kernel_cache, "MOST", 3)
    monkeypatch.setattr(kernel_cache, "_VERSIONS", ("another",))
    assert doubled() == 0
    assert {"newer", used.name} < {path.name for path in places[0].iterdir()}
    assert len(list(places[0].iterdir())) == 3


def test_processes_that_save_at_once_may_lose_an_entry_but_never_mix_two_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, later = (kernel_cache._Files(str(tmp_path), "double", "stamp") for _ in range(3))
    write = first._save_data

    def slowly(name: str, data: object) -> None:
        second.save("floats", "code for floats")
        write(name, data)

    monkeypatch.setattr(first, "_save_data", slowly)
    monkeypatch.setattr(second, "_load_index", dict)  # it looked before the first one wrote
    first.save("integers", "code for integers")
    assert later.load("floats") == "code for floats"
    assert later.load("integers") in (None, "code for integers")


def test_a_module_is_compiled_anew_when_one_changes_that_it_calls() -> None:
    names = {name.rpartition(".")[2] for name in kernel_cache.sources(statements.__name__)}
    assert {"statements", "figures", "grammar", "letters", "sorting"} <= names
    assert "buckets" not in names


def test_a_process_that_finds_all_compiled_reads_nothing_that_only_compiling_needs() -> None:
    """A third of its start would be that."""
    program = (
        "import sys, pandas, eclip\n"
        "frame = pandas.DataFrame({'title': ['Red mug 300 ml', 'red mug 0.3 l', 'Box 10 x 20 cm', 'Blue mug 300 ml'] * 9})\n"
        "print(len(eclip.find_duplicates(eclip.clean(frame)).links))\n"
        "late = 'scipy.linalg', 'numba.np.arraymath', 'numba.core.boxing', 'numba.cpython.unicode'\n"
        "print([name for name in late if name in sys.modules])"
    )
    command = [sys.executable, "-c", program]
    compiling, finding = (
        subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines() for _ in range(2)
    )
    assert finding == [compiling[0], "[]"]


def test_kept_code_does_all_that_new_code_does(tmp_path: Path) -> None:
    """It raises what is told when it runs, prints, gives arrays and texts, and is compiled into a new function."""
    folder = tmp_path / "kernel_halves"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "half.py").write_text(
        "import numpy as np\nfrom eclip.quality.compiled import compiled, making\n"
        "@making\ndef half(n):\n"
        "    if n < 0:\n        print('below', n)\n"
        "    if n % 2:\n        raise ValueError('odd', n)\n"
        "    return n // 2\n"
        "@compiled\ndef halves(values, n):\n    return values[: half(n)].copy(), np.full(3, 'x')[0] + 'y'\n"
    )
    program = (
        "import numba, numpy as np\nfrom eclip.quality import kernel_cache\nread = kernel_cache.parse_bitcode\n"
        "def parse(code):\n    print('read', bool(code))\n    return read(code)\n"
        "kernel_cache.parse_bitcode = parse\n"
        "from kernel_halves.half import halves\n"
        "first, text = halves(np.arange(6), 6)\nprint(first.tolist(), text, sum(halves.stats.cache_hits.values()))\n"
        "print(len(halves(np.arange(6), -2)[0]))\n"
        "try:\n    halves(np.arange(6), 3)\nexcept ValueError as error:\n    print(error.args)\n"
        "again = numba.njit(lambda values: halves(values, 4)[0].sum() + 1)\nprint(again(np.arange(6)))\n"
    )
    env = {**os.environ, "PYTHONPATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "NUMBA_CACHE_DIR": ""}
    compiling, finding = (
        subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
        ).stdout.splitlines()
        for _ in range(2)
    )
    assert compiling == ["[0, 1, 2] xy 0", "below -2", "5", "('odd', 3)", "2"]
    # Only what is compiled into another function is read as LLVM's.
    assert finding == ["[0, 1, 2] xy 1", *compiling[1:4], "read True", "2"]
