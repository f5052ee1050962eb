"""motion-mini: an embedded data set that tells motion from appearance."""

from .dataset import DatasetSpec, make_dataset
from .encode import SUFFIXES
from .levels import LEVELS, Knobs, level_knobs
from .motions import MOTION_PAIRS
from .plan import SPLITS, VideoPlan, plan_split
from .render import render_video

__all__ = [
    'LEVELS',
    'MOTION_PAIRS',
    'SPLITS',
    'SUFFIXES',
    'DatasetSpec',
    'Knobs',
    'VideoPlan',
    'level_knobs',
    'make_dataset',
    'plan_split',
    'render_video',
]
