from __future__ import annotations

import json
import re

import pytest
from toy_ltn import NAVIGATION, PROJECTOR, write_ltn

TOOL = 'visualization/time_slider'


@pytest.fixture(scope='module')
def ltn(folder):
    return write_ltn(folder, NAVIGATION)


@pytest.fixture
def page(call, folder, ltn, tmp_path):
    """Run the tool on two videos; returns where the page is."""

    def run(*words, paths=ltn, name='new/page.html'):
        out = tmp_path / name
        listing = ('--ann-file', folder / 'test.txt')
        call(TOOL, *paths, *listing, *words, '--out', out)
        return out

    return run


def test_writes_one_file_and_says_its_size(page, capsys):
    words = ('--indices', 0, 2, '--num-segments', 5, '--steps', 7)
    out = page(*words, '--nearest', 4, '--max-time', 2.5)
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == f'10 clips of 2 videos: {out}, 0.0 MB'
    text = out.read_text()
    data = json.loads(re.search(r'id="data">(.*)</script>', text)[1])
    assert data['videos'] == ['test_5.mp4', 'test_7.mp4']
    assert len(data['clips']) == len(data['neighbours']) == 10
    assert len(data['neighbours'][0]) == len(data['grid']) == 7
    assert len(data['cosines'][0][0]) == 4
    assert data['grid'][-1] == 2.5


def test_the_slider_ends_at_the_latest_start(page):
    text = page('--indices', 2, '--num-segments', 5, '--steps', 3).read_text()
    # 16 frames at 30 per second, clips of 4
    assert '"grid":[0.0,0.2,0.4]' in text


def test_a_network_without_ltn_is_told(page, folder):
    paths = write_ltn(folder, PROJECTOR, 'plain')
    with pytest.raises(ValueError, match='ProjectionNeck does not know the'):
        page(paths=paths)
    paths = (folder / 'retrieve.py', folder / 'method.pth')
    with pytest.raises(ValueError, match='FeatureTrunk has no neck'):
        page(paths=paths)


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['--steps', '1'], '2 to 101, got 1'),
        (['--nearest', '9'], 'at most 8, got 9'),
        (['--max-time', '0'], 'above 0, got 0'),
        (['--num-segments', '200'], '3 videos x 200 segments are more'),
        (['--indices', '0', '--num-segments', '2'], '2 different segments'),
    ],
)
def test_tells_errors(page, words, message):
    with pytest.raises(ValueError, match=message):
        page(*words)


def test_out_is_a_page(page):
    with pytest.raises(ValueError, match=r'ends in \.html'):
        page(name='page.png')
