"""motion-mini: an embedded data set that tells motion from appearance.

Procedural, needs no download. Each video has three labels, balanced and
independent: **motion** (16 classes, 8 time-reversal pairs), **appearance** (8
sprite categories) and **scene** (8 background families). The second class of
a pair is the same process, camera and light included, played backwards. In
val and test every scene occurs forwards and backwards (twins), so a model
that ignores the order of frames is at 50 % inside a pair. That inside-pair
accuracy is the measure of motion order; which pair it is leaks partly from
single frames.

Cautions: a horizontal flip swaps right and left, rotations and orbits, so
probes of motion use no flip, or one that swaps labels. With ``jitter`` or
``pan`` the pace of a video can be read from its camera; set both to 0 for
studies of pace. Rigid flat sprites support a claim about this code's pretext
tasks, not one about Something-Something or Kinetics.
"""

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
