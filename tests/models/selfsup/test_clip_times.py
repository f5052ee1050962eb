"""Times of clips, for necks that read them."""

import pytest
import torch
from mmaction.structures import ActionDataSample
from torch import nn

from vsslcodebase.models.selfsup import check_several_clips, embed, read_times


class TimeNeck(nn.Module):
    """Adds a clip's time to the mean of its features."""

    def read_times(self, data_samples, device):
        times = torch.cat([sample.clip_time for sample in data_samples])
        return times[:, None].to(device)

    def forward(self, feats, data_samples=None, times=None):
        return feats.mean((2, 3, 4)) + times, {}


class PlainNeck(nn.Module):
    """Knows no times."""

    def forward(self, feats, data_samples=None):
        return feats.mean((2, 3, 4)), dict(loss_neck=feats.sum())


def samples():
    made = [ActionDataSample(), ActionDataSample()]
    for start, sample in enumerate(made):
        sample.set_field(torch.tensor([start, start + 0.5]), 'clip_time')
    return made


def test_a_neck_that_asks_gets_the_times_video_major():
    times = read_times(TimeNeck(), samples(), torch.device('cpu'))
    assert times.tolist() == [[0.0], [0.5], [1.0], [1.5]]


def test_a_neck_that_does_not_ask_gets_none():
    assert read_times(PlainNeck(), None, torch.device('cpu')) is None


def test_embed_hands_times_on_only_where_there_are_any():
    maps = torch.zeros(4, 2, 1, 1, 1)
    times = torch.arange(4.0)[:, None]
    embeddings, losses = embed(nn.Identity(), TimeNeck(), maps, times)
    assert torch.equal(embeddings, times.expand(4, 2))
    assert losses == {}
    embeddings, losses = embed(nn.Identity(), PlainNeck(), maps + 1)
    assert torch.equal(embeddings, torch.ones(4, 2))
    assert losses['loss_neck'] == 8


def test_embed_runs_each_batch_alone_and_puts_the_rows_back():
    maps = torch.arange(5.0)[:, None, None, None, None]
    seen = []
    backbone = nn.Identity()
    backbone.register_forward_pre_hook(
        lambda _, clips: seen.append(clips[0].flatten().tolist())
    )
    batches = [torch.tensor([3, 0]), torch.tensor([4, 2, 1])]
    embeddings, losses = embed(backbone, PlainNeck(), maps, None, batches)
    assert seen == [[3, 0], [4, 2, 1]]
    assert embeddings.flatten().tolist() == [0, 1, 2, 3, 4]
    assert losses['loss_neck'].item() == (3 + 7) / 2
    times = 10 * torch.arange(5.0)[:, None]
    embeddings, _ = embed(nn.Identity(), TimeNeck(), maps, times, batches)
    assert embeddings.flatten().tolist() == [0, 11, 22, 33, 44]


def test_one_clip_a_video_is_too_few_and_the_message_says_where():
    check_several_clips('MoCo', torch.zeros(3, 2, 3, 2, 4, 4))
    with pytest.raises(ValueError, match=r'MoCo needs .*got 1.*num_clips=2'):
        check_several_clips('MoCo', torch.zeros(3, 1, 3, 2, 4, 4))
