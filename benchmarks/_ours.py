"""Our pipelines doing the job, and the least that any reader has to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np

from vsslcodebase.datasets import VideoListDataset
from vsslcodebase.datasets.sample_state import seeded
from vsslcodebase.datasets.transforms import SampleSeparatedClips

SAMPLER = dict(
    type='SampleSeparatedClips', clip_len=16, frame_interval=2, num_clips=4
)


def augmentation(crop: int) -> list[dict]:
    """Return the augmentation of the pre-training configs."""
    return [
        dict(
            type='ClipRandomResizedCrop',
            size=crop,
            area_range=(0.3, 1.0),
            aspect_range=(0.5, 2.0),
        ),
        dict(type='ClipFlip', prob=0.5),
        dict(
            type='ClipColorJitter',
            prob=0.8,
            brightness=0.8,
            contrast=0.8,
            saturation=0.8,
            hue=0.2,
        ),
        dict(type='ClipGrayscale', prob=0.2),
        dict(
            type='ClipGaussianBlur',
            prob=0.5,
            sigma_range=(0.1, 2.0),
            kernel_size=23,
        ),
    ]


def build_dataset(list_file: Path, crop: int, way: str) -> VideoListDataset:
    """Build the data set.

    Args:
        list_file: Its videos.
        crop: Height and width of the clips.
        way: 'worker' or 'preprocessor', where the fast path applies colours;
            'hsv' for its exact colours; 'reference' for the plain transforms.
    """
    transforms = augmentation(crop)
    if way == 'reference':
        steps = [
            dict(type='DecodeClips'),
            dict(type='PerClip', transforms=transforms),
        ]
    else:
        hue = dict(hue='hsv') if way == 'hsv' else dict(apply_colour=way)
        steps = [
            dict(type='DecodeOnDemand'),
            dict(type='FastClips', transforms=transforms, **hue),
        ]
    return VideoListDataset(
        ann_file=str(list_file),
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            SAMPLER,
            *steps,
            dict(type='PackClips'),
        ],
    )


class DecodeFloor:
    """libavcodec decoding what our sampler wants, and nothing else.

    Packets wait in memory, the decoder is open. A sample costs the decoding
    of every packet from a key packet to the last one that is needed of its
    GOP; frames are neither looked at nor converted.

    Args:
        list_file: Videos with closed GOPs.
    """

    def __init__(self, list_file: Path) -> None:
        lines = list_file.read_text().splitlines()
        self._videos = [_Packets(line.rsplit(' ', 1)[0]) for line in lines]
        self._sampler = SampleSeparatedClips(
            **{k: v for k, v in SAMPLER.items() if k != 'type'}
        )

    def total_frames(self, video: int) -> int:
        """Return the length of a video."""
        return self._videos[video].total_frames

    def frame_indices(self, epoch: int, video: int) -> np.ndarray:
        """Return the (V*T,) frames that our data set draws."""
        results = dict(total_frames=self._videos[video].total_frames)
        with seeded(0, epoch, video, 0):
            return self._sampler(results)['frame_inds']

    def count(self, indices: np.ndarray, video: int) -> int:
        """Return how many frames must be decoded to get at the given ones."""
        runs = self._videos[video].runs(np.unique(indices).tolist())
        return sum(last - first + 1 for first, last in runs)

    def decode(self, epoch: int, video: int) -> int:
        """Decode what a sample needs; return how many frames came out."""
        indices = self.frame_indices(epoch, video)
        return self._videos[video].decode(np.unique(indices).tolist())


class _Packets:
    """A video's packets in memory, with an open decoder."""

    def __init__(self, path: str) -> None:
        self._container = av.open(path)
        stream = self._container.streams.video[0]
        self._decoder = stream.codec_context
        self._decoder.thread_count = 1
        self._packets = [p for p in self._container.demux(stream) if p.size]
        # Frame i is that of the packet self._places[i].
        self._places = np.argsort([packet.pts for packet in self._packets])
        self.total_frames = len(self._packets)
        self._keys = [i for i, p in enumerate(self._packets) if p.is_keyframe]

    def runs(self, frames: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Yield (key packet, last packet needed) of each GOP in use."""
        last_needed: dict[int, int] = {}
        for frame in frames:
            place = int(self._places[frame])
            gop = int(np.searchsorted(self._keys, place, side='right')) - 1
            last_needed[gop] = max(last_needed.get(gop, 0), place)
        for gop, last in last_needed.items():
            yield self._keys[gop], last

    def decode(self, frames: Sequence[int]) -> int:
        """Decode up to the last wanted frame of each GOP."""
        count = 0
        for first, last in self.runs(frames):
            for packet in self._packets[first : last + 1]:
                count += len(self._decoder.decode(packet))
            count += len(self._decoder.decode(None))
            self._decoder.flush_buffers()
        return count
