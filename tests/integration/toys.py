"""Registered parts that only the integration tests use."""

import multiprocessing
import os
import threading

import torch
from mmengine.hooks import Hook

from vsslcodebase.models.necks import ProjectionNeck
from vsslcodebase.registry import HOOKS, MODELS, TRANSFORMS


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


@HOOKS.register_module(force=True)
class FailAt(Hook):
    """Raise an error of use, at an iteration of one rank."""

    def __init__(self, iteration, rank):
        self.iteration = iteration
        self.rank = rank

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == self.iteration and runner.rank == self.rank:
            raise FileNotFoundError(f'rank {self.rank} cannot go on')


@TRANSFORMS.register_module(force=True)
class EndWorker:
    """End the worker that reads a certain video: by a signal, or a code."""

    def __init__(self, video_id, number=None, code=1):
        self.video_id = video_id
        self.number = number
        self.code = code

    def __call__(self, results):
        in_worker = multiprocessing.parent_process() is not None
        if in_worker and results['video_id'] == self.video_id:
            if self.number is None:
                os._exit(self.code)
            os.kill(os.getpid(), self.number)
        return results


@TRANSFORMS.register_module(force=True)
class StickWorker:
    """Let the worker that reads a certain video wait for ever."""

    def __init__(self, video_id):
        self.video_id = video_id

    def __call__(self, results):
        if results['video_id'] == self.video_id:
            threading.Event().wait()
        return results
