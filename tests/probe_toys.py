"""Videos whose pixels say the truth, and networks that read one thing."""

from functools import lru_cache

import torch
import torch.nn.functional as F

from vsslcodebase.evaluation.probe_features import (
    ProbeSettings,
    plan_showings,
    read_features,
)
from vsslcodebase.evaluation.probe_questions import Asker
from vsslcodebase.evaluation.probe_videos import MiniVideos

CLASSES = dict(motion=8, appearance=4, scene=5)
COUNTS = dict(train=128, test=160)
LENGTH = 48
SETTINGS = ProbeSettings(num_train=96, num_gallery=128, num_neighbours=5)


def truthful_videos():
    """Return frames of 1 x 2 pixels: what happens, and what is there.

    The first pixel holds (time of the story, time of the file, pair of
    motions); in videos of odd motions the story runs backwards. The second
    holds (appearance, scene, 0). Test videos come in twins.
    """
    draws = torch.Generator().manual_seed(0)
    videos = {}
    for split, count in COUNTS.items():
        labels = {
            kind: torch.randint(classes, (count,), generator=draws)
            for kind, classes in CLASSES.items()
        }
        if split == 'test':
            for kind, values in labels.items():
                labels[kind] = values[::2].repeat_interleave(2)
            labels['motion'] = labels['motion'] // 2 * 2
            labels['motion'][1::2] += 1
        clock = torch.arange(LENGTH).expand(count, -1)
        backwards = labels['motion'][:, None] % 2 == 1
        story = torch.where(backwards, LENGTH - 1 - clock, clock)
        frames = torch.zeros(count, LENGTH, 1, 2, 3, dtype=torch.uint8)
        frames[..., 0, 0, 0], frames[..., 0, 0, 1] = story, clock
        frames[..., 0, 0, 2] = labels['motion'][:, None] // 2
        frames[..., 0, 1, 0] = labels['appearance'][:, None]
        frames[..., 0, 1, 1] = labels['scene'][:, None]
        videos[split] = MiniVideos(frames, labels, CLASSES, 24.0)
    return videos


def reader_of(what):
    """Return a network whose features are one thing and a little noise."""
    draws = torch.Generator().manual_seed(1)

    def read(clips):
        pixels = clips[..., 0, :].long()  # (B, 3, T, 2)
        story = pixels[:, 0, :, 0]
        known = dict(
            nothing=torch.zeros(len(clips), 1),
            appearance=F.one_hot(pixels[:, 0, 0, 1], 4),
            scene=F.one_hot(pixels[:, 1, 0, 1], 5),
            direction=F.one_hot(pixels[:, 2, 0, 0], 4)
            * (story[:, -1:] - story[:, :1]).sign(),
            pace=F.one_hot((story[:, 1] - story[:, 0]).abs(), LENGTH),
            time=pixels[:, 1, :, 0].float().mean(1, keepdim=True),
            start=pixels[:, 1, :1, 0],
        )[what]
        noise = 1e-3 * torch.randn(len(clips), 3, generator=draws)
        return torch.cat([known.float(), noise], 1)

    return read


@lru_cache
def answers_of(what):
    """Ask such a network everything."""
    videos = truthful_videos()
    plan = plan_showings(videos, SETTINGS)
    features = read_features(reader_of(what), videos, plan)
    return Asker(features, videos, SETTINGS).ask_all()
