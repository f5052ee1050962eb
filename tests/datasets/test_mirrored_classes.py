"""Left and right in the class names of Something-Something."""

from __future__ import annotations

from vsslcodebase.datasets.mirrored_classes import mirrored_classes

# All names with one of the words, at the numbers that the official labels
# give them, and some that could be mistaken
V1 = {
    2: 'Turning the camera left while filming something',
    4: 'Turning the camera right while filming something',
    13: 'Turning the camera downwards while filming something',
    15: 'Turning the camera upwards while filming something',
    30: 'Pushing something from left to right',
    41: 'Pushing something from right to left',
    52: 'Pulling something from right to left',
    66: 'Pulling something from left to right',
    84: 'Laying something on the table on its side, not upright',
    87: 'Putting something upright on the table',
    104: 'Plugging something into something but pulling it right out as you '
    'remove your hand',
}
V2 = {
    21: 'Laying something on the table on its side, not upright',
    50: 'Plugging something into something but pulling it right out as you '
    'remove your hand',
    86: 'Pulling something from left to right',
    87: 'Pulling something from right to left',
    93: 'Pushing something from left to right',
    94: 'Pushing something from right to left',
    119: 'Putting something upright on the table',
    165: 'Turning the camera downwards while filming something',
    166: 'Turning the camera left while filming something',
    167: 'Turning the camera right while filming something',
    168: 'Turning the camera upwards while filming something',
}


def all_names(known):
    return [known.get(number, f'class {number}') for number in range(174)]


def both_ways(*pairs):
    return dict([*pairs, *((right, left) for left, right in pairs)])


def test_pairs_of_something_something():
    v1, v2 = (mirrored_classes(all_names(known)) for known in (V1, V2))
    assert v1 == both_ways((2, 4), (30, 41), (52, 66))
    assert v2 == both_ways((86, 87), (93, 94), (166, 167))


def test_only_whole_words_with_a_counterpart_count():
    names = ['turn left', 'Turn Right', 'upright', 'upleft', 'go right', 'sit']
    assert mirrored_classes(names) == {0: 1, 1: 0}
    assert mirrored_classes(['left right']) == {}
    assert mirrored_classes([]) == {}
