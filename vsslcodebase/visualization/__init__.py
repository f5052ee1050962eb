"""Pictures of what the network sees and of what it has learned."""

from .clip_sheet import clip_captions, clip_sheet

__all__ = ['clip_captions', 'clip_sheet']
