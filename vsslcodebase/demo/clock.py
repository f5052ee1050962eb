"""How long a sequence of stages will still take."""

from __future__ import annotations

from collections.abc import Sequence

# seconds of planned work that outweigh what was measured, at the beginning
TRUST_SEC = 15.0


class Clock:
    """Estimate the time left from a plan and from the pace so far.

    The plan says how long each stage takes on some machine. What was done in
    this run, in seconds of the plan, against the seconds it took is the pace
    of this machine, by which the rest of the plan is multiplied.

    Args:
        planned_sec: Seconds that each stage takes by the plan; 0 for those
            that need not be done.
    """

    def __init__(self, planned_sec: Sequence[float]) -> None:
        self.planned = list(planned_sec)
        self._planned_done = self._taken = 0.0
        self._begun_at: float | None = None  # share when first heard of

    def skip(self, index: int) -> None:
        """Take a stage out of the plan."""
        self.planned[index] = 0.0

    def finish(self, index: int, taken_sec: float) -> None:
        """Count a stage as done, which began at its first share given."""
        share = 1 - (self._begun_at or 0.0)
        self._planned_done += self.planned[index] * share
        self._taken += taken_sec
        self._begun_at = None

    def left(self, index: int, share: float, taken_sec: float) -> float:
        """Return the seconds left of all stages.

        Args:
            index: The stage at work.
            share: Of it that is done, in [0, 1]. A stage that goes on where
                it was interrupted begins above 0.
            taken_sec: Time it has taken in this run.
        """
        if self._begun_at is None:
            self._begun_at = share
        done = self.planned[index] * (share - self._begun_at)
        rest = self.planned[index] * (1 - share)
        rest += sum(self.planned[index + 1 :])
        planned_done = self._planned_done + done + TRUST_SEC
        return rest * (self._taken + taken_sec + TRUST_SEC) / planned_done
