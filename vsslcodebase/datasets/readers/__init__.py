"""Reading frames of video files by number, exactly."""

from .opening import open_reader
from .picture import Picture
from .video_reader import BadVideoError, VideoReader

__all__ = ['BadVideoError', 'Picture', 'VideoReader', 'open_reader']
