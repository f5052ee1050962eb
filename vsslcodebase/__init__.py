"""Self-supervised video representation learning in the MMAction2 style."""

from typing import Any

from . import compat  # first: mends upstream before anything imports it
from .version import __version__

__all__ = ['VideoFeatureInferencer', '__version__', 'compat']


def __getattr__(name: str) -> Any:
    """Import the inferencer where it is asked for: it needs everything."""
    if name == 'VideoFeatureInferencer':
        from .apis import VideoFeatureInferencer

        return VideoFeatureInferencer
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
