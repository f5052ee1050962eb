"""Evaluation: metrics of mmengine's loops, and functions of features."""

from .efficacy import Efficacy, MotionReader, measure_efficacy
from .feature_files import open_features
from .feature_writer import save_features
from .features import VideoFeatures, extract_features
from .knn import knn_accuracy, knn_classify
from .knn_metric import KNNMetric
from .knn_sets import knn_of_sets
from .layers import LayerReader
from .linear_probe import (
    LinearProbe,
    fit_linear_probe,
    inside_pair_accuracy,
    train_linear_probe,
)
from .motion_metric import MotionMetric
from .neighbours import nearest
from .pace_metric import PaceMetric
from .pair_relation_metric import PairRelationMetric
from .per_class_metric import PerClassAccMetric
from .retrieval import retrieval_recall
from .retrieval_sets import recall_of_sets
from .video_retrieval_metric import VideoRetrievalMetric

__all__ = [
    'Efficacy',
    'KNNMetric',
    'LayerReader',
    'LinearProbe',
    'MotionMetric',
    'MotionReader',
    'PaceMetric',
    'PairRelationMetric',
    'PerClassAccMetric',
    'VideoFeatures',
    'VideoRetrievalMetric',
    'extract_features',
    'fit_linear_probe',
    'inside_pair_accuracy',
    'knn_accuracy',
    'knn_classify',
    'knn_of_sets',
    'measure_efficacy',
    'nearest',
    'open_features',
    'recall_of_sets',
    'retrieval_recall',
    'save_features',
    'train_linear_probe',
]
