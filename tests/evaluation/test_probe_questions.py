"""A network that knows one thing is found to know it, and nothing else."""

import pytest
from probe_toys import CLASSES, answers_of

from vsslcodebase.evaluation.probe_answers import Answer
from vsslcodebase.evaluation.probe_comparison import comparison
from vsslcodebase.evaluation.probe_findings import check_controls, findings
from vsslcodebase.evaluation.probe_intervals import Figure

# What each knowledge answers; the other questions stay near chance
ANSWERS = dict(
    nothing=set(),
    appearance={'appearance'},
    scene={'scene', 'scene kNN'},
    direction={'inside pair', 'motion', 'arrow'},
    pace={'pace'},
    time={'R2 t'},
)


@pytest.fixture(scope='module', params=ANSWERS)
def network(request):
    """Return what a network knows, and its answers."""
    return request.param, answers_of(request.param)


def value(answers, question, order='played', fitted='same'):
    return answers[question].figures[order][fitted].value


def test_what_is_known_is_found_and_nothing_else(network):
    what, answers = network
    for question, answer in answers.items():
        found, _ = answer.shown('played')
        if question in ANSWERS[what]:
            assert found.value > 0.99, question
        else:
            assert abs(found.value - answer.chance) < 0.13, question


def test_controls_come_out_as_they_must(network):
    what, answers = network
    failed = {c.name for c in check_controls(answers) if not c.holds}
    # no network can read a clock, but that one, in a frame of motion-mini
    clock = {'R2 t, shuffled', 'R2 t, frozen'}
    assert failed == (clock if what == 'time' else set())


def test_chance_is_that_of_the_classes(network):
    _, answers = network
    chances = {question: one.chance for question, one in answers.items()}
    assert chances == {
        'inside pair': 1 / 2,
        **{kind: 1 / classes for kind, classes in CLASSES.items()},
        'scene kNN': 1 / CLASSES['scene'],
        'R2 t': 0,
        'arrow': 1 / 2,
        'arrow, all': 1 / 2,
        'pace': 1 / 4,
    }


def test_direction_turns_with_the_film_and_stops_with_it():
    answers = answers_of('direction')
    for question in ('inside pair', 'arrow'):
        assert value(answers, question, 'reversed', 'played') == 0
        assert value(answers, question, 'reversed', 'same') == 1
        frozen = value(answers, question, 'frozen', 'played')
        assert frozen == pytest.approx(0.5, abs=0.1)
        shuffled = value(answers, question, 'shuffled', 'same')
        assert shuffled == pytest.approx(0.5, abs=0.15)
    assert value(answers, 'motion', 'reversed', 'played') == 0


def test_arrow_of_a_frozen_frame_is_exactly_unknown(network):
    _, answers = network
    frozen = answers['arrow'].figures['frozen']['same']
    assert (frozen.value, frozen.low, frozen.high) == (0.5, 0.5, 0.5)
    forwards = value(answers, 'arrow')
    backwards = value(answers, 'arrow', 'reversed', 'played')
    assert forwards + backwards == pytest.approx(1, abs=1e-12)


def test_pace_of_a_frozen_frame_is_exactly_unknown(network):
    _, answers = network
    for fitted in ('same', 'played'):
        frozen = answers['pace'].figures['frozen'][fitted]
        assert (frozen.value, frozen.low, frozen.high) == (0.25, 0.25, 0.25)


def test_pace_has_no_direction():
    answers = answers_of('pace')
    assert value(answers, 'pace', 'reversed', 'played') == 1


def test_appearance_is_in_every_frame():
    answers = answers_of('appearance')
    for order in ('shuffled', 'frozen', 'reversed'):
        for fitted in ('same', 'played'):
            assert value(answers, 'appearance', order, fitted) == 1


def test_time_is_wrong_by_the_frame_that_is_shown_first():
    answers = answers_of('start')
    # clips start at 0, 11, 21 and 32; a frozen clip shows the frame 8 later,
    # a reversed one first that 14 later
    spread = (16**2 + 5**2 + 5**2 + 16**2) / 4
    for order, late in (('frozen', 8), ('reversed', 14)):
        found = value(answers, 'R2 t', order, 'played')
        assert found == pytest.approx(1 - late**2 / spread, abs=0.01)
        assert value(answers, 'R2 t', order, 'same') > 0.99


def test_labels_and_videos_are_counted():
    answers = answers_of('nothing')
    assert answers['motion'].num_labels == 96
    assert answers['pace'].num_labels == 4 * 96
    assert answers['scene kNN'].num_labels == 128
    assert answers['motion'].num_videos == 160
    assert answers['arrow'].num_videos == 80  # one of each pair
    assert answers['arrow, all'].num_videos == 160


def test_answers_survive_json():
    answers = answers_of('scene')
    for answer in answers.values():
        assert Answer.from_dict(answer.to_dict()) == answer


def test_words_are_those_of_the_figures():
    untrained = answers_of('nothing')
    known = findings(answers_of('direction'), untrained)
    assert known[0].startswith(
        'Tells a motion from its reversal well (100.0 %'
    )
    assert 'by the order of frames' in known[0]
    assert known[0].endswith('%, less.')
    assert known[4].startswith('Sees whether a film runs forwards or back')
    still = findings(answers_of('scene'))
    assert still[0].startswith(
        'Not surely better than a guess at a motion or its reversal ('
    )
    assert still[2].startswith('Knows the scene well (100.0 %, chance 20.0 %)')
    assert 'Untrained' not in ''.join(still)


def with_pairs(played, shuffled):
    """Return answers whose figures of inside pairs are these."""
    answers = answers_of('nothing')
    pairs = answers['inside pair']
    figures = dict(
        pairs.figures,
        played=dict(played=Figure(*played), same=Figure(*played)),
        shuffled=dict(played=Figure(*shuffled), same=Figure(*shuffled)),
    )
    return {**answers, 'inside pair': pairs._replace(figures=figures)}


@pytest.mark.parametrize(
    ('played', 'shuffled', 'end'),
    [
        ((0.56, 0.52, 0.6), (0.53, 0.49, 0.57), '53.0 %, no sure difference.'),
        (
            (0.7, 0.66, 0.74),
            (0.53, 0.49, 0.57),
            ': with frames shuffled',
        ),
        ((0.7, 0.66, 0.74), (0.6, 0.56, 0.64), 'that not all of it is order.'),
    ],
)
def test_order_is_named_where_intervals_are_apart(played, shuffled, end):
    line = findings(with_pairs(played, shuffled))[0]
    assert end in line
    assert ('by the order of frames' in line) == end.startswith(': with')


def test_intervals_that_meet_are_no_difference():
    one = with_pairs((0.7, 0.6, 0.8), (0.5, 0.4, 0.6))
    other = with_pairs((0.6, 0.5, 0.65), (0.5, 0.4, 0.6))
    line = findings(one, other)[0]
    assert line.endswith('Untrained weights: 60.0 %, no sure difference.')
    topic, said = comparison({'a': one, 'b': other})[0]
    assert topic == 'direction of motion'
    assert said == 'most in a, 70.0 %; not surely less in b'
    said = comparison({'b': other, 'c': other})[0][1]
    assert said == 'none of them is surely better than a guess'
