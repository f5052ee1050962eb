"""Models: trunks, backbones, necks, heads, losses and layers."""

from .backbones import *  # noqa: F403 - re-export of each room's __all__
from .data_preprocessor import ClipDataPreprocessor
from .heads import *  # noqa: F403
from .layers import *  # noqa: F403
from .losses import *  # noqa: F403
from .necks import *  # noqa: F403
from .selfsup import *  # noqa: F403

__all__ = ['ClipDataPreprocessor']
