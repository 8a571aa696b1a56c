from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest
from eclip.quality.pseudonyms import VARIABLE, Key
from eclip.schemas.errors import ConfigError

EMAIL = "anna.berg@example.com"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without a key."""
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "eclip" / "pseudonym.key"


def test_who_lacks_the_key_cannot_guess() -> None:
    one, other = Key(b"1" * 32), Key(b"2" * 32)
    assert one.of(EMAIL) == Key(b"1" * 32).of(EMAIL) != other.of(EMAIL)
    assert one.of(EMAIL) != one.of("bob@example.com")
    assert hashlib.sha256(EMAIL.encode()).hexdigest()[:16] not in one.of(EMAIL)
    assert one.check == Key(b"1" * 32).check != other.check
    assert "1" * 32 not in f"{one} {one!r} {one.check}"
    assert one.of("check") != f"person-{one.check}"


def test_the_environment_names_the_key(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "k" * 32)
    assert Key.found() == Key(b"k" * 32)
    assert not state.exists()
    for weak in ("k" * 31, ""):
        monkeypatch.setenv(VARIABLE, weak)
        with pytest.raises(ConfigError, match="expected 32 or more"):
            Key.found()


def test_else_one_is_drawn_once_and_kept_for_its_user_alone(state: Path) -> None:
    key = Key.found()
    assert len(key.secret) == 64
    assert Key.found() == key
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    assert list(state.parent.iterdir()) == [state]
    state.unlink()
    assert Key.found() != key
    state.chmod(0o644)
    with pytest.raises(ConfigError, match="its owner alone can read"):
        Key.found()


def test_where_none_can_be_kept_the_error_says_what_to_do(state: Path) -> None:
    state.parent.parent.write_text("a file")
    with pytest.raises(ConfigError, match=f"set {VARIABLE}"):
        Key.found()
