"""Checkpoints of a training: written whole or not at all, the newest readable one is resumed."""

from __future__ import annotations

import os
import pickle
import re
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

KEPT = 2  # the older one serves where the machine died while the newer was on its way to the disk


class Checkpoints:
    """Save and resume one training; `identity` names it, checkpoints of another are left alone."""

    def __init__(self, folder: Path, identity: str) -> None:
        self.folder, self.identity = folder, identity

    def save(self, step: int, network: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Write what is needed to go on after `step` steps, with all random states of torch."""
        import torch

        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.folder / f".tmp-{uuid.uuid4().hex}"
        with temporary.open("wb") as file:
            state = {
                "identity": self.identity,
                "step": step,
                "network": network.state_dict(),
                "optimizer": optimizer.state_dict(),
                "random": torch.get_rng_state(),
                "random_cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            }
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.folder / f"step-{step:08d}.pt")
        for old in self._found()[KEPT:]:
            old.unlink()

    def resume(self, network: torch.nn.Module, optimizer: torch.optim.Optimizer) -> int:
        """Load the newest readable checkpoint into network and optimizer; give its step, 0 without one."""
        for file in self._found():
            state = self._read(file)
            if state is not None:
                self._restore(state, network, optimizer)
                return int(state["step"])
        # What is left of another training, or cannot be read, would only be in the way of the newest.
        for file in self._found():
            file.unlink()
        return 0

    def _found(self) -> list[Path]:
        """The checkpoints, newest first."""
        return sorted(
            (f for f in self.folder.glob("step-*.pt") if re.fullmatch(r"step-\d{8}\.pt", f.name)),
            reverse=True,
        )

    def _read(self, file: Path) -> dict[str, Any] | None:
        import torch

        try:
            state = torch.load(file, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError):
            return None
        mine = isinstance(state, dict) and state.get("identity") == self.identity
        return state if mine else None

    def _restore(self, state: dict[str, Any], network: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
        import torch

        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])
        if state["random_cuda"] and torch.cuda.is_available():
            torch.cuda.set_rng_state_all(state["random_cuda"])
