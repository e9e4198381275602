"""How long a run is: a number of steps, and after which of them it looks at val.

By epochs, both are known before the first step. By minutes, they follow from the speed of the first steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

MEASURED = 0.05  # share of a run by minutes that measures its speed
LONGEST_MEASURED = 15.0  # seconds of it, at most
FEWEST_MEASURED = 3  # steps
LOOK_SECONDS = 5.0  # between two looks, at first
LOOK_SHARE = 0.1  # of the time, at most, for looks
GROWTH = 33  # later, the steps between two looks are the steps so far over this
SLACK = 0.1  # share of the minutes that a run may be too long or too short before its steps are counted anew
LEAST_SLACK = 15.0  # seconds


@dataclass(frozen=True)
class Plan:
    """The length of a run.

    Attributes:
        steps: of the whole run.
        every: steps between two looks at val.
        growing: the steps between two looks grow with the run, so that a long one has not too many.
    """

    steps: int
    every: int
    growing: bool = False

    def next_look(self, step: int) -> int:
        """The first look after this step. The last step always has one."""
        if not self.growing:
            return min(self.steps, (step // self.every + 1) * self.every)
        at = 0
        while at <= step:
            at += max(self.every, at // GROWTH)
        return min(self.steps, at)


@dataclass(frozen=True)
class Speed:
    """What was measured, in seconds.

    Attributes:
        step: that a step takes.
        look: that a look at val takes.
        finish: that the end of the run takes: the evaluation and the writing of the model.
    """

    step: float
    look: float
    finish: float


def plan_by_minutes(minutes: float, done: int, seconds: float, speed: Speed) -> Plan:
    """The plan of a run that ends after some minutes.

    Args:
        minutes: of the whole run.
        done, seconds: the steps and the time that it has taken so far.
        speed: of this machine.
    """
    gap = max(LOOK_SECONDS, speed.look / LOOK_SHARE)
    every = max(1, math.ceil(gap / speed.step))
    left = 60 * minutes - seconds - speed.finish
    return Plan(done + max(1, int(left / (speed.step + speed.look / every))), every, growing=True)


def plan_again(plan: Plan, minutes: float, done: int, seconds: float, speed: Speed) -> Plan:
    """The same plan, or one with another number of steps where it would miss its end by more than the slack.

    Args: as for `plan_by_minutes`.
    """
    gap = max(plan.every, done // GROWTH)
    end = seconds + (plan.steps - done) * (speed.step + speed.look / gap) + speed.finish
    if abs(end - 60 * minutes) <= max(SLACK * 60 * minutes, LEAST_SLACK):
        return plan
    left = 60 * minutes - seconds - speed.finish
    return Plan(done + max(1, int(left / (speed.step + speed.look / gap))), plan.every, growing=True)


def seconds_to_measure(minutes: float) -> float:
    return min(LONGEST_MEASURED, MEASURED * 60 * minutes)
