"""How fast a run is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Pace:
    """What a run has measured of its own speed, in seconds. A process's first steps are slower than the others, and are
    left out.

    Attributes:
        steps, seconds: number of steps, and their time in all, with loading and saving but without the looks at val.
        look: what the last look took.
        output: what one output took.
    """

    steps: int = 0
    seconds: float = 0.0
    look: float = 0.0
    output: float = 0.0
    _turns: int = 0
    _since: float = 0.0

    def turn(self, now: float) -> None:
        """A step begins."""
        if self._turns > 1:
            self.steps += 1
            self.seconds += now - self._since
        self._turns += 1
        self._since = now

    def measured(self) -> dict[str, float]:
        return {name: getattr(self, name) for name in ("steps", "seconds", "look", "output")}

    def looked(self, seconds: float) -> None:
        """A look took this long, which is no part of a step."""
        self.look = seconds
        self._since += seconds
