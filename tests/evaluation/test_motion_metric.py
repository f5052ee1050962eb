"""Scores of motion, averaged over videos."""

import pytest

from vsslcodebase.evaluation import MotionMetric


def test_average_is_over_videos_whatever_the_batches():
    metric = MotionMetric()
    first = dict(motion_scores=dict(motion1_acc=0.5, loss_motion1=2.0))
    metric.process(None, [first, first, first])
    last = dict(motion_scores=dict(motion1_acc=0.9, loss_motion1=1.0))
    metric.process(None, [last])
    assert metric.evaluate(4) == {
        'motion/motion1_acc': pytest.approx(0.6),
        'motion/loss_motion1': pytest.approx(1.75),
    }


def test_missing_scores_are_told():
    with pytest.raises(ValueError, match=r"MotionPretrainer.*\['pred'\]"):
        MotionMetric().process(None, [dict(pred=1)])
