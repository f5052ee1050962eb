from __future__ import annotations

import base64
import json
import re

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from vsslcodebase.engine.video_segments import VideoSegments
from vsslcodebase.models.necks import PoolNeck, TimeNavigationNeck
from vsslcodebase.visualization.time_slider import (
    check_neck,
    jpeg,
    navigate_clips,
    own_times,
    page_data,
    principal_plane,
    render_page,
)

NASTY = '</script><script>alert("1")</script> & <b>\u2028.mp4'


def navigation_neck(**options):
    torch.manual_seed(0)
    projector = dict(type='ProjectionNeck', in_channels=10, num_hidden=0)
    neck = TimeNavigationNeck(
        projector, **dict(num_directions=3, time_channels=8) | options
    )
    for layer in neck.time_encoder.modules():
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.normal_(layer.weight, std=0.5)
    return neck.eval()


@pytest.fixture
def videos():
    torch.manual_seed(1)
    frames = np.random.default_rng(0).integers(0, 256, (4, 8, 16, 3), np.uint8)
    starts = torch.tensor([0, 0.5, 1, 1.5])
    return [
        VideoSegments(name, torch.rand(4, 10), starts + d, starts + 1, frames)
        for name, d in (('films/a.mp4', 0), (NASTY, 0.25))
    ]


def navigated(neck, videos, count=3):
    features = torch.cat([video.features for video in videos])
    times = own_times(neck, videos)
    grid = torch.tensor([0, 0.5, 1.25, 3])
    return features, times, navigate_clips(neck, features, times, grid, count)


def embedded(page):
    """The data of a page, as its script reads them."""
    found = re.findall(r'<script type="application/json" id="data">(.*)', page)
    return json.loads(found[0].partition('</script>')[0])


@pytest.mark.parametrize('variant', [1, 2, 3])
def test_neighbours_are_those_of_the_moved_clip(videos, variant):
    neck = navigation_neck(variant=variant)
    features, times, found = navigated(neck, videos)
    with torch.no_grad():
        own = neck.navigate(features, neck.time_encoder(features, times))
        for query in range(8):
            for step, told in enumerate(found.grid):
                f = features[query : query + 1]
                code = neck.time_encoder(f, told.reshape(1, 1))
                there = neck.navigate(f, code)
                cosines = F.cosine_similarity(there, own)
                cosines[query] = -2
                best, rows = cosines.topk(3)
                assert found.indices[query, step].tolist() == rows.tolist()
                torch.testing.assert_close(found.cosines[query, step], best)


def test_a_clip_that_is_told_its_own_time_is_where_it_is(videos):
    _, _, found = navigated(navigation_neck(), videos)
    # clips 0, 1 start at 0, 0.5 s, the first two steps; clip 6 at 1.25 s
    for clip, step in ((0, 0), (1, 1), (6, 2)):
        torch.testing.assert_close(
            found.paths[clip, step], found.gallery[clip]
        )
    assert (found.paths[0, 0] - found.paths[0, 3]).norm() > 0.01


def test_start_and_end_move_together_and_the_gap_stays(videos):
    neck = navigation_neck(time_input='start-end-delta')
    features, times, found = navigated(neck, videos)
    told = times.clone()
    told[:, 0], told[:, 1] = 3, 3 + times[:, 1] - times[:, 0]
    with torch.no_grad():
        own, there = (
            neck.navigate(features, neck.time_encoder(features, t))
            for t in (times, told)
        )
    mean, axes, _ = principal_plane(own)
    torch.testing.assert_close(found.paths[:, 3], (there - mean) @ axes)
    with pytest.raises(ValueError, match='needs clip_end'):
        own_times(neck, [videos[0]._replace(ends=None)])


def test_no_more_neighbours_than_there_are(videos):
    _, _, found = navigated(navigation_neck(), videos, count=20)
    assert found.indices.shape == (8, 4, 7)
    assert (found.indices != torch.arange(8)[:, None, None]).all()


def test_principal_plane_of_points_in_a_plane():
    torch.manual_seed(0)
    across = torch.linalg.qr(torch.randn(6, 6))[0][:, :2]
    flat = torch.randn(50, 2) * torch.tensor([3, 1.0])
    mean, axes, explained = principal_plane(flat @ across.T + 5)
    torch.testing.assert_close(
        ((flat @ across.T + 5) - mean) @ axes @ axes.T + mean,
        flat @ across.T + 5,
    )
    assert float(explained.sum()) == pytest.approx(1)
    assert explained[0] > 0.8
    assert (axes.gather(0, axes.abs().argmax(0)[None]) > 0).all()


def test_the_page_holds_the_numbers_and_the_frames(videos):
    _, _, found = navigated(navigation_neck(), videos)
    data = embedded(render_page(videos, found, 'toy'))
    assert data == json.loads(json.dumps(page_data(videos, found)))
    assert data['neighbours'] == found.indices.tolist()
    np.testing.assert_allclose(data['cosines'], found.cosines, atol=5.1e-5)
    scale = max(found.paths.abs().max(), found.gallery.abs().max())
    np.testing.assert_allclose(data['paths'], found.paths / scale, atol=5.1e-5)
    np.testing.assert_allclose(
        data['gallery'], found.gallery / scale, atol=5.1e-5
    )
    assert [clip['video'] for clip in data['clips']] == 4 * [0] + 4 * [1]
    assert data['clips'][5]['start'] == 0.75
    assert data['videos'][0] == 'a.mp4'


def test_names_cannot_become_part_of_the_page(videos):
    _, _, found = navigated(navigation_neck(), videos)
    page = render_page(videos, found, f'of {NASTY}')
    assert '<b>' not in page
    assert 'alert("1")' not in page
    assert page.count('<script') == page.count('</script>') == 2
    # a path ends in its last part, '/' being in the name
    assert embedded(page)['videos'][1] == NASTY.rpartition('/')[2]
    assert 'http://' not in page.replace('http://www.w3.org/2000/svg', '')
    assert 'https://' not in page


def test_thumbnails_keep_the_form_and_the_colours():
    frame = np.zeros((40, 80, 3), np.uint8)
    frame[:, 40:] = (200, 40, 0)
    content = np.frombuffer(base64.b64decode(jpeg(frame, 64)), np.uint8)
    shown = cv2.imdecode(content, cv2.IMREAD_COLOR)[..., ::-1]
    assert shown.shape == (32, 64, 3)
    assert abs(shown[16, 56].astype(int) - (200, 40, 0)).max() < 12
    assert shown[16, 8].max() < 12


def test_a_page_is_not_too_large(videos):
    _, _, found = navigated(navigation_neck(), videos)
    many = found._replace(indices=torch.zeros(401, 4, 3))
    with pytest.raises(ValueError, match='at most 400 clips and 101 times'):
        render_page(videos, many, 'toy')


def test_a_neck_that_does_not_navigate_is_told():
    check_neck(navigation_neck())
    with pytest.raises(ValueError, match='PoolNeck does not know the time'):
        check_neck(PoolNeck())
