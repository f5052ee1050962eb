"""Data: lists of videos, and the transforms that make clips of them."""

from .collate import collate_clips
from .partial_pass_sampler import PartialPassSampler
from .transforms import *  # noqa: F403 - registers the transforms
from .video_list_dataset import VideoListDataset

__all__ = ['PartialPassSampler', 'VideoListDataset', 'collate_clips']
