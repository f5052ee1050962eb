"""Reading frames of videos by number, exactly: files, folders of images."""

from .frame_folder_reader import FrameFolderReader
from .opening import open_reader
from .picture import Picture
from .video_reader import BadVideoError, VideoReader

__all__ = [
    'BadVideoError',
    'FrameFolderReader',
    'Picture',
    'VideoReader',
    'open_reader',
]
