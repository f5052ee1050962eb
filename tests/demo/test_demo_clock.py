"""Estimates of the time left."""

from __future__ import annotations

import pytest

from vsslcodebase.demo.clock import TRUST_SEC, Clock


def test_at_the_start_the_plan_is_believed():
    assert Clock([10.0, 30.0]).left(0, 0.0, 0.0) == 40.0


def test_a_machine_twice_as_slow_doubles_the_rest():
    clock = Clock([1e6, 1e6])
    clock.finish(0, 2e6)
    assert clock.left(1, 0.0, 0.0) == pytest.approx(2e6, rel=1e-4)
    left = clock.left(1, 0.5, 1e6)
    assert left == pytest.approx(1e6, rel=1e-4)


def test_little_evidence_counts_little():
    """One second of plan that took TRUST_SEC + 2: twice as slow, not 17 x."""
    clock = Clock([1.0, 100.0])
    clock.finish(0, TRUST_SEC + 2)
    assert clock.left(1, 0.0, 0.0) == pytest.approx(200.0)


def test_what_an_earlier_run_did_says_nothing_of_the_pace():
    clock = Clock([1000.0])
    clock.left(0, 0.9, 0.0)  # goes on at 90 %
    # 5 % in 50 s as planned: 5 % are left
    assert clock.left(0, 0.95, 50.0) == pytest.approx(50.0)


def test_skipped_stages_cost_nothing():
    clock = Clock([10.0, 500.0, 20.0])
    clock.skip(1)
    assert clock.left(0, 0.0, 0.0) == 30.0
