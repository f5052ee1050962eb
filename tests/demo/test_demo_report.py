"""Table and page of invented results."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest
import torch

from vsslcodebase.demo.questions import Questions, pair_classes
from vsslcodebase.demo.report import noise_points, render_report
from vsslcodebase.demo.results import finding, scores_of, text_table

NAMES = [['move right', 'move left'], ['move up', 'move down']]


def scores(inside: float, order: float | None = None) -> dict:
    return dict(
        inside_pair=inside,
        motion=inside / 2,
        appearance=0.3141,
        scene=0.2718,
        order=order,
    )


@pytest.fixture(scope='module')
def results() -> dict:
    networks = dict(untrained=0.5123, simclr=0.5345, corp_m=0.9876)
    curve = [(8, 1.5), (16, 0.5)]
    return dict(
        scores={
            name: scores(value, 0.9321 if name == 'corp_m' else None)
            for name, value in networks.items()
        },
        chance=scores(0.5, 0.5),
        pairs={
            name: [dict(names=n, accuracy=value) for n in NAMES]
            for name, value in networks.items()
        },
        curves=dict(
            corp_m={
                'loss': curve,
                'order_acc': [(8, 0.5), (16, 0.9)],
                'relation/order_acc': [(16, 0.9321)],
            },
            simclr={'loss': curve},
        ),
        steps=dict(corp_m=1536, simclr=1536),
        num_train=4096,
        num_test=1024,
        seconds=754.0,
        stages=[
            dict(
                title='write <videos>',
                seconds=61.0,
                finished='2026-01-02T03:04:05+00:00',
            )
        ],
        commands=['python tools/train.py a.py --cfg-options x="1 2"'],
        made=dict(
            date='2026-01-02 03:04+00:00',
            command='python tools/demo.py --seed 7',
            seed=7,
            device='cpu',
            cores=2,
            versions=dict(torch='2.0', numpy='1.26'),
            data=dict(
                level='demo',
                size=32,
                frames=48,
                videos=[8192, 512, 1024],
                folder='data/x',
                motions=[n for pair in NAMES for n in pair],
            ),
        ),
    )


@pytest.fixture(scope='module')
def page(results) -> str:
    videos = torch.tensor([0, 0, 1])
    truth = pair_classes(videos, torch.tensor([4, 9, 2])).numpy()
    answers = truth.copy()
    answers[0, 1] = 0  # one mistake
    sheet = np.full((40, 60, 3), 200, np.uint8)
    return render_report(results, Questions(sheet, truth, answers))


def test_page_loads_nothing_from_elsewhere(page):
    assert not re.findall(r'https?://|//[a-z]+\.', page)
    sources = re.findall(r'(?:src|href)\s*=\s*"([^"]{0,30})', page)
    assert len(sources) == 5
    assert all(s.startswith('data:image/png;base64,') for s in sources)
    assert not re.search(r'<script|<link|@import|url\(', page)


def test_page_has_the_numbers(page):
    for number in ('51.2', '53.4', '98.8', '93.2', '31.4', '27.2', '50.0'):
        assert f'<td>{number}</td>' in page
    assert '4,096 videos to fit the probes, 1,024 to test' in page
    assert 'seed 7' in page
    assert '12:34' in page  # 754 s
    assert '2026-01-02 03:04' in page
    assert 'torch 2.0, numpy 1.26' in page
    assert 'crossed out: 1 of\n6' in page


def test_page_escapes_what_it_quotes(page):
    assert 'write &lt;videos&gt;' in page
    assert 'x=&quot;1 2&quot;' in page


def test_no_text_ends_up_as_a_tag(page, results):
    def spoil(node, key=''):
        if isinstance(node, dict):
            return {k: spoil(v, k) for k, v in node.items()}
        if isinstance(node, list):
            return [spoil(value) for value in node]
        spare = isinstance(node, str) and key != 'device'  # looked up
        return f'<script>{node}' if spare else node

    texts = ('made', 'stages', 'commands')
    nasty = results | {name: spoil(results[name]) for name in texts}
    none = np.full((1, 2), -1)
    sheet = np.zeros((2, 2, 3), np.uint8)
    spoilt = render_report(nasty, Questions(sheet, none, none))
    assert spoilt.count('&lt;script') >= 8
    tags = [re.findall(r'<[a-z]+', text) for text in (spoilt, page)]
    assert tags[0] == tags[1]


def test_page_is_well_formed(page):
    open_tags = []

    class Balance(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag not in ('meta', 'img', 'br'):
                open_tags.append(tag)

        def handle_endtag(self, tag):
            assert open_tags.pop() == tag

    Balance().feed(page)
    assert open_tags == []


def test_images_are_readable(page):
    for data in re.findall(r'base64,([^"]+)"', page):
        raw = np.frombuffer(base64.b64decode(data), np.uint8)
        image = cv2.imdecode(raw, cv2.IMREAD_COLOR)
        assert image is not None
        assert image.std() > 0 or image.shape[:2] == (40, 60)


def test_finding_says_more_or_less_as_it_is(results):
    assert '98.8 % of the test videos' in finding(results)
    assert '45.3 points more than SimCLR' in finding(results)
    assert '93.2 % of the clip pairs' in finding(results)
    worse = dict(results, scores=dict(results['scores']))
    worse['scores']['corp_m'] = scores(0.5045, 0.5)
    assert '3.0 points less than SimCLR' in finding(worse)


def test_table_aligns_its_columns(results):
    lines = text_table(results).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[-1].split() == [
        'CORP_m',
        '98.8',
        '49.4',
        '31.4',
        '27.2',
        '93.2',
    ]
    assert lines[-2].split()[-1] == '-'  # SimCLR is not asked for order
    assert lines[2].split()[0] == 'chance'


def test_scores_take_the_last_validation():
    probe = dict(inside_pair=0.9, accuracy=dict(motion=0.8))
    training = dict(curves={'relation/order_acc': [(1, 0.5), (2, 0.75)]})
    assert scores_of(probe, training)['order'] == 0.75
    assert scores_of(probe, None)['order'] is None


def test_noise_is_that_of_two_binomials():
    """1.96 sqrt(2 * 0.25 / 200) = 9.8 points."""
    assert noise_points(200) == pytest.approx(9.8)


def test_pair_classes_are_those_of_corp_m():
    videos, starts = torch.tensor([0, 0, 0, 1]), torch.tensor([5, 2, 5, 9])
    expected = [[-1, 2, -1, 0], [1, -1, 1, 0], [-1, 2, -1, 0], [0, 0, 0, -1]]
    assert pair_classes(videos, starts).tolist() == expected
