"""The plan of a run: its number of steps, and the steps after which it looks at val.

For a number of epochs, both are known before the first step. For a number of minutes, they follow from the speed of the
first steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

SHARE_MEASURED = 0.05  # share of a run by minutes that measures its speed
LONGEST_MEASURED = 15.0  # most seconds of the measurement
FEWEST_MEASURED = 3  # fewest steps of the measurement
LOOK_SECONDS = 5.0  # seconds between looks, at first
LOOK_SHARE = 0.1  # largest share of the time for looks
GROWTH = 33  # later, the steps between looks are the steps so far, divided by this
SLACK = 0.05  # share of the minutes by which a run may miss its end before its steps are planned again
LEAST_SLACK = 15.0  # seconds


@dataclass(frozen=True)
class Plan:
    """The length of a run.

    Attributes:
        steps: steps of the whole run.
        every: steps between looks at val.
        growing: whether the steps between looks grow with the run, so that a long run does not have too many.
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
    """The measured speed, in seconds.

    Attributes:
        step: time of a step.
        look: time of a look at val.
        finish: time of the end of the run, for evaluating and writing the model.
    """

    step: float
    look: float
    finish: float


def plan_by_minutes(minutes: float, done: int, seconds: float, speed: Speed) -> Plan:
    """The plan of a run that ends after some minutes.

    Args:
        minutes: length of the whole run.
        done, seconds: steps and time so far.
        speed: speed of this machine.
    """
    gap = max(LOOK_SECONDS, speed.look / LOOK_SHARE)
    every = max(1, math.ceil(gap / speed.step))
    left = 60 * minutes - seconds - speed.finish
    return Plan(done + max(1, int(left / (speed.step + speed.look / every))), every, growing=True)


def plan_again(plan: Plan, minutes: float, done: int, seconds: float, speed: Speed) -> Plan:
    """The same plan, or one with another number of steps if it would miss its end by more than the slack.

    Args: as for `plan_by_minutes`.
    """
    gap = max(plan.every, done // GROWTH)
    end = seconds + (plan.steps - done) * (speed.step + speed.look / gap) + speed.finish
    if abs(end - 60 * minutes) <= max(SLACK * 60 * minutes, LEAST_SLACK):
        return plan
    left = 60 * minutes - seconds - speed.finish
    return Plan(done + max(1, int(left / (speed.step + speed.look / gap))), plan.every, growing=True)


def seconds_to_measure(minutes: float) -> float:
    return min(LONGEST_MEASURED, SHARE_MEASURED * 60 * minutes)
