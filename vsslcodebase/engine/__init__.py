"""What runs the training: loop, optimizers, schedules, hooks."""

from .hooks import (
    EpochSeedHook,
    FiniteLossHook,
    InterruptHook,
    KNNHook,
    ResumeCheckHook,
    StepSeedHook,
)
from .lars import LARS
from .loops import ResumableTrainLoop
from .optim_wrapper import AutocastOptimWrapper
from .schedules import WarmupCosineLR

__all__ = [
    'LARS',
    'AutocastOptimWrapper',
    'EpochSeedHook',
    'FiniteLossHook',
    'InterruptHook',
    'KNNHook',
    'ResumableTrainLoop',
    'ResumeCheckHook',
    'StepSeedHook',
    'WarmupCosineLR',
]
