"""Mean and spread against numbers worked out by hand."""

import pytest

from vsslcodebase.evaluation.score_spread import (
    Spread,
    markdown_table,
    spread,
    spread_of_each,
)


def test_spread_divides_by_n_minus_one():
    found = spread([1.0, 2.0, 6.0])  # squares 4 + 1 + 9, by 2
    assert found == pytest.approx(Spread(3.0, 7**0.5, 3, 1.0, 6.0))


def test_one_value_has_no_spread():
    assert spread([0.5]) == Spread(0.5, None, 1, 0.5, 0.5)
    assert spread([0.5]).text(100, 1) == '50.0'


def test_text_leaves_out_what_did_not_vary():
    assert spread([0.25, 0.25]).text(100, 1) == '25.0'
    assert spread([0.5, 0.75]).text(100, 1) == '62.5 ± 17.7'


@pytest.mark.parametrize('values', [[], [1.0, float('nan')]])
def test_no_mean_of_nothing(values):
    with pytest.raises(ValueError, match='at least one number, all finite'):
        spread(values)


def test_runs_are_joined_by_name():
    found = spread_of_each([dict(a=1.0, b=0.0), dict(b=2.0, a=3.0)])
    assert {name: part.mean for name, part in found.items()} == dict(a=2, b=1)
    with pytest.raises(ValueError, match='differ in what they measured'):
        spread_of_each([dict(a=1.0), dict(b=1.0)])


def test_columns_line_up():
    lines = markdown_table([['', 'R@1'], ['vcop', '5']]).splitlines()
    assert lines == ['|      | R@1 |', '| ---- | --: |', '| vcop |   5 |']
