"""Momentum copies are no news to the log, frozen parameters are."""

import logging
from types import SimpleNamespace

import pytest
from torch import nn

from vsslcodebase.engine.log_filter import leave_out_followers
from vsslcodebase.models.selfsup.momentum_encoder import MomentumEncoder

LINE = '{}.weight is skipped since its requires_grad=False'


@pytest.fixture
def told(caplog):
    """What a logger says of parameters, after the filter."""

    def tell(model, *names):
        logger = logging.getLogger('followers')
        logger.filters.clear()
        leave_out_followers(SimpleNamespace(model=model, logger=logger))
        caplog.clear()
        for name in names:
            logger.warning(LINE.format(name))
        return [
            record.getMessage().split('.weight')[0]
            for record in caplog.records
        ]

    return tell


def follower():
    model = nn.Module()
    model.backbone = nn.Linear(1, 1)
    model.copy = MomentumEncoder(nn.Linear(1, 1), nn.Linear(1, 1), 0.9)
    return model


def test_copies_are_left_out_and_frozen_parameters_told(told):
    names = ('copy.backbone', 'backbone', 'copying', 'copy.neck')
    assert told(follower(), *names) == ['backbone', 'copying']


def test_names_under_ddp(told):
    wrapped = nn.Module()
    wrapped.module = follower()
    assert told(wrapped, 'module.copy.neck', 'module.backbone') == [
        'module.backbone'
    ]


def test_models_without_copies_are_left_alone(told):
    assert told(nn.Linear(1, 1), 'copy.backbone') == ['copy.backbone']
    assert logging.getLogger('followers').filters == []
