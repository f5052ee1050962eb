"""Self-supervised video representation learning in the MMAction2 style."""

from . import compat  # first: mends upstream before anything imports it
from .version import __version__

__all__ = ['__version__', 'compat']
