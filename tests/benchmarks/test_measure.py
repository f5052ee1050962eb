"""The clock of the benchmarks."""

from importlib import import_module

import pytest


@pytest.fixture
def measure():
    return import_module('_measure')


def fake_contest(measure, seconds, rounds):
    """Time contestants that let a fake clock run: {name: seconds}."""
    now, calls = [0.0], []

    def contestant(name):
        def run(number):
            calls.append((number, name))
            now[0] += seconds[name] * (number + 1)

        return run

    contestants = {name: contestant(name) for name in seconds}
    times = measure.interleave(contestants, rounds, clock=lambda: now[0])
    return times, calls


def test_each_contestant_runs_once_a_round_and_the_first_does_not_count(
    measure,
):
    times, calls = fake_contest(measure, {'a': 1, 'b': 2, 'c': 5}, rounds=6)
    assert times == {
        'a': [2, 3, 4, 5, 6, 7],
        'b': [4, 6, 8, 10, 12, 14],
        'c': [10, 15, 20, 25, 30, 35],
    }
    assert [number for number, _ in calls] == sorted([*range(7)] * 3)
    orders = {tuple(n for _, n in calls[i : i + 3]) for i in range(0, 21, 3)}
    assert all(sorted(order) == ['a', 'b', 'c'] for order in orders)
    assert len(orders) > 1  # shuffled


def test_ratios_are_taken_within_a_round(measure):
    # A machine that is ten times slower in one round
    assert measure.times_faster([2.0, 30.0, 6.0], [1.0, 10.0, 2.0]) == 3
    assert measure.milliseconds([2.0, 30.0, 6.0], samples=3) == 2000


def test_tables_are_markdown_with_three_digits(measure, capsys):
    rows = [['x', 1.234, 12.34, 123.4, 7], ['y', 0.5, 10.0, 1e4, '']]
    measure.print_table(['name', 'a', 'b', 'c', 'd'], rows)
    assert capsys.readouterr().out == (
        '| name | a | b | c | d |\n'
        '|---|---|---|---|---|\n'
        '| x | 1.23 | 12.3 | 123 | 7 |\n'
        '| y | 0.50 | 10.0 | 10000 |  |\n'
    )
