"""What two sets of features must share."""

import pytest

from vsslcodebase.evaluation.labelled_sets import check_settings

MADE = dict(backbone='SmallR3D', weights='0a', level='video')
RGB = dict(type='ClipDataPreprocessor', mean=[0.0], std=[1.0])


def test_colours_that_differ_are_refused():
    gallery = dict(MADE, data_preprocessor=RGB)
    query = dict(MADE, data_preprocessor=dict(RGB, to_bgr=True))
    message = 'data_preprocessor: to_bgr: None in the gallery, True in the q'
    with pytest.raises(ValueError, match=message):
        check_settings(gallery, query)
    check_settings(gallery, gallery)


def test_colours_that_one_does_not_tell_are_not_compared():
    check_settings(dict(MADE, data_preprocessor=RGB), MADE)
    check_settings(MADE, dict(MADE, data_preprocessor=RGB))
