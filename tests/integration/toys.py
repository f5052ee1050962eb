"""Registered parts that only the integration tests use."""

import os

import torch
from mmengine.hooks import Hook

from vsslcodebase.models.necks import ProjectionNeck
from vsslcodebase.registry import HOOKS, MODELS


@MODELS.register_module(force=True)
class NoisyNeck(ProjectionNeck):
    """A neck that draws random numbers, as dropout does."""

    def forward(self, feats, data_samples=None):
        noise = torch.randn_like(feats) if self.training else 0.0
        return super().forward(feats + 0.1 * noise, data_samples)


@HOOKS.register_module(force=True)
class SignalAt(Hook):
    """Send this process a signal, once, at an iteration of one rank."""

    def __init__(self, number, iteration=None, rank=0, in_validation=False):
        self.number = number
        self.iteration = iteration
        self.rank = rank
        self.in_validation = in_validation

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == self.iteration and runner.rank == self.rank:
            os.kill(os.getpid(), self.number)

    def before_val_iter(self, runner, batch_idx, data_batch=None):
        if self.in_validation:
            os.kill(os.getpid(), self.number)
