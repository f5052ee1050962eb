"""Hooks: what happens around a step, in every run."""

from .bad_videos import BadVideosHook
from .checkpoint_keys import CheckpointKeysHook
from .finite_loss import FiniteLossHook
from .health_hook import HealthHook
from .input_contract import InputContractHook
from .interrupt import InterruptHook
from .knn_hook import KNNHook
from .list_identity import ListIdentityHook
from .metric_model import MetricModelHook
from .provenance_hook import ProvenanceHook
from .resume_check import ResumeCheckHook
from .seeds import EpochSeedHook, StepSeedHook

__all__ = [
    'BadVideosHook',
    'CheckpointKeysHook',
    'EpochSeedHook',
    'FiniteLossHook',
    'HealthHook',
    'InputContractHook',
    'InterruptHook',
    'KNNHook',
    'ListIdentityHook',
    'MetricModelHook',
    'ProvenanceHook',
    'ResumeCheckHook',
    'StepSeedHook',
]
