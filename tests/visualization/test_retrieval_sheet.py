import numpy as np
import pytest

from vsslcodebase.visualization.clip_sheet import PAPER
from vsslcodebase.visualization.retrieval_sheet import (
    FRAME_PX,
    GREEN,
    GREY,
    RED,
    Tile,
    retrieval_sheet,
)


def tile(right, frames=1, size=(10, 20)):
    image = np.full((frames, *size, 3), 77, np.uint8)
    return Tile(image, 'push', '0.9', right)


def test_frames_are_grey_green_and_red():
    sheet = retrieval_sheet([[tile(None), tile(True), tile(False)]], tile=20)
    step, gap = 20 + 2 * FRAME_PX + 2, 4 * FRAME_PX
    assert sheet.shape[1] == 3 * step + gap
    places = (0, step + gap, 2 * step + gap)
    colours = [tuple(sheet[0, place].tolist()) for place in places]
    assert colours == [GREY, GREEN, RED]
    # the border goes all around, then comes the picture on paper
    assert tuple(sheet[10, 0]) == GREY
    assert tuple(sheet[FRAME_PX, FRAME_PX]) == PAPER
    assert tuple(sheet[FRAME_PX + 10, FRAME_PX + 10]) == (77, 77, 77)


def test_videos_keep_their_shape():
    sheet = retrieval_sheet([[tile(None, size=(40, 10))]], tile=20)
    shown = (sheet[:26] == 77).all(2)
    assert shown.sum() == 20 * 5
    assert shown[FRAME_PX : FRAME_PX + 20, FRAME_PX + 7 : FRAME_PX + 12].all()


def test_several_frames_lie_side_by_side():
    one = retrieval_sheet([[tile(None)]], tile=20)
    three = retrieval_sheet([[tile(None, frames=3)]], tile=20)
    assert three.shape[1] == one.shape[1] + 40
    assert three.shape[0] == one.shape[0]


def test_rows_are_queries():
    row = [tile(None), tile(True)]
    one, two = (retrieval_sheet([row] * n, tile=20) for n in (1, 2))
    assert np.array_equal(two, np.concatenate([one, one]))


@pytest.mark.parametrize(
    'rows', [[], [[]], [[tile(None)], [tile(None), tile(True)]]]
)
def test_rows_that_make_no_sheet_are_refused(rows):
    with pytest.raises(ValueError, match='same number of tiles'):
        retrieval_sheet(rows)
