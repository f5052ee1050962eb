"""The page and the picture of a probe report say what the figures say."""

import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from probe_toys import answers_of

from vsslcodebase.visualization.probe_page import probe_page
from vsslcodebase.visualization.probe_picture import LEFT_EDGE, probe_picture
from vsslcodebase.visualization.probe_style import QUESTIONS
from vsslcodebase.visualization.probe_table import (
    WIDTH,
    network_block,
    shortened,
    summary,
)

HOSTILE = '<script>alert("x")</script> $& run'


@pytest.fixture(scope='module')
def answers():
    return {
        'untrained': answers_of('nothing'),
        HOSTILE: answers_of('scene'),
        'knows/direction': answers_of('direction'),
    }


@pytest.fixture(scope='module')
def picture(answers):
    return probe_picture(answers, dpi=40)


@pytest.fixture(scope='module')
def page(answers, picture):
    networks = {
        name: dict(source='toy', file='f & g.pth', weights_sha256='0' * 64)
        for name in answers
    }
    report = dict(
        command="python probe_report.py 'a <b>'",
        date='2026-01-01 00:00',
        settings=dict(num_train=96),
        networks=networks,
    )
    return probe_page(answers, report, picture)


class Balanced(HTMLParser):
    """Counts open elements and collects texts."""

    def __init__(self):
        super().__init__()
        self.open, self.texts, self.tags = [], [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in ('meta', 'img', 'br'):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_the_page_is_whole_and_stands_alone(page):
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    assert 'script' not in parser.tags
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert '$' not in page.replace('$&amp; run', '')


def test_names_and_commands_are_text(page):
    parser = Balanced()
    parser.feed(page)
    assert HOSTILE in parser.texts
    assert "python probe_report.py 'a <b>'" in parser.texts
    assert 'f & g.pth' in parser.texts


def test_the_table_is_sorted_and_says_the_figures(page, answers):
    table = page.split('<h2>As played</h2>')[1].split('</table>')[0]
    assert table.index('knows/direction') < table.index('untrained')
    figure, _ = answers['knows/direction']['scene'].shown('played')
    assert f'>{100 * figure.value:.1f} <small>' in table
    assert '<td class="known">100.0 <small>± 0.0' in table


def test_words_are_compared_with_untrained_weights(page):
    assert 'Tells a motion from its reversal well (100.0 %' in page
    assert 'Untrained weights: ' in page
    assert 'All do.' in page


def test_the_best_is_named_first(page):
    assert (
        '<li><b>Direction of motion</b>: most in knows/direction, 100.0 %. '
        'Untrained weights: '
    ) in page
    assert ', with 1 of 2 above and 0 below.</li>' in page
    guess = 'none of them is surely better than a guess.'
    assert f'<b>Time in the video</b>: {guess}' in page


def test_a_control_that_fails_is_marked(answers, picture):
    network = dict(answers['untrained'])
    network['pace'] = network['pace']._replace(
        figures=answers_of('pace')['pace'].figures
        | dict(frozen=answers_of('pace')['pace'].figures['played'])
    )
    block = network_block('x', network)
    assert 'does not hold: pace, frozen 100.0 ± 0.0, expected 25.0' in block
    report = dict(command='', date='', settings={}, networks={})
    page = probe_page({'x': network}, report, picture)
    assert '1 of 10 do not.' in page
    assert '<td class="wrong">100.0' in page


def test_the_picture_has_a_row_a_network(answers, picture):
    image = Image.open(io.BytesIO(picture))
    fewer = dict(list(answers.items())[:1])
    small = Image.open(io.BytesIO(probe_picture(fewer, dpi=40)))
    assert image.width == small.width == round(13.3 * 40)
    assert image.height > small.height
    assert len(np.unique(np.asarray(image.convert('RGB')))) > 20
    assert LEFT_EDGE < 0


def test_tables_fit_the_terminal(answers):
    block = network_block('knows/direction', answers['knows/direction'])
    assert re.search(r'inside pair +100\.0 ± 0\.0 .* 0\.0 ± 0\.0 ', block)
    rows = [*block.splitlines(), *summary(answers).splitlines()]
    assert max(map(len, rows)) <= WIDTH
    assert len(block.splitlines()) == 2 + len(QUESTIONS)
    assert '-0.0' not in ''.join(rows)


def test_a_long_name_keeps_its_method_and_its_epoch():
    assert shortened('runs/moco_rho4/epoch_8', 22) == 'runs/moco_rho4/epoch_8'
    assert shortened('runs/moco_rho4/epoch_8', 11) == 'runs/…och_8'
    assert shortened('runs/moco_rho4/epoch_8', 12) == 'runs/m…och_8'
