"""Transforms, one file per slot of a pipeline.

Slots: 0 open, 1 sample, 2 decode, 3 augment, 4 pack.
"""

from .augment_blur import ClipGaussianBlur
from .augment_colour import ClipColorJitter, ClipGrayscale
from .augment_geometry import (
    ClipFlip,
    ClipRandomResizedCrop,
    ClipResizedRandomCrop,
)
from .augment_scaled import ClipScaledRandomCrop
from .clip_sampling import (
    ClipSampler,
    SampleDecayingClips,
    SampleSeparatedClips,
    SampleUniformClips,
)
from .decoding import DecodeClips, DecodeOnDemand, OpenVideo
from .fast_clips import FastClips
from .formatting import PackClips
from .frame_order import ClipFrameOrder
from .independent_sampling import SampleIndependentClips
from .pace_sampling import SamplePaceClips
from .per_clip import PerClip
from .placed_sampling import SamplePlacedClips
from .random_sampling import SampleRandomClips

__all__ = [
    'ClipColorJitter',
    'ClipFlip',
    'ClipFrameOrder',
    'ClipGaussianBlur',
    'ClipGrayscale',
    'ClipRandomResizedCrop',
    'ClipResizedRandomCrop',
    'ClipSampler',
    'ClipScaledRandomCrop',
    'DecodeClips',
    'DecodeOnDemand',
    'FastClips',
    'OpenVideo',
    'PackClips',
    'PerClip',
    'SampleDecayingClips',
    'SampleIndependentClips',
    'SamplePaceClips',
    'SamplePlacedClips',
    'SampleRandomClips',
    'SampleSeparatedClips',
    'SampleUniformClips',
]
