"""Evaluation: metrics of mmengine's loops, and functions of features."""

from .features import VideoFeatures, extract_features
from .knn import knn_classify
from .linear_probe import LinearProbe, fit_linear_probe, inside_pair_accuracy
from .pace_metric import PaceMetric
from .pair_relation_metric import PairRelationMetric
from .per_class_metric import PerClassAccMetric
from .retrieval import retrieval_recall

__all__ = [
    'LinearProbe',
    'PaceMetric',
    'PairRelationMetric',
    'PerClassAccMetric',
    'VideoFeatures',
    'extract_features',
    'fit_linear_probe',
    'inside_pair_accuracy',
    'knn_classify',
    'retrieval_recall',
]
