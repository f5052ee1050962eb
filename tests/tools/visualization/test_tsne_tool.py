from __future__ import annotations

import cv2
import pytest
from encoded_video import encode

TOOL = 'visualization/tsne_segments'


@pytest.fixture
def picture(call, folder, tmp_path):
    """Run the tool on toy videos; returns where the picture is."""

    def run(*words, name='new/tsne.png'):
        out = tmp_path / name
        paths = (folder / 'retrieve.py', folder / 'method.pth')
        call(TOOL, *paths, *words, '--out', out)
        return out

    return run


def test_says_how_many_different_segments_are_drawn(picture, folder, capsys):
    videos = (folder / 'test_5.mp4', folder / 'train_0.mp4')
    out = picture('--videos', *videos, '--num-segments', 8)
    # 9 frames have only 6 different clips of 4
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == f'8 + 6 segments of 2 videos on {out}'
    assert cv2.imread(str(out)).std() > 5


def test_a_list_and_its_indices_name_the_videos(picture, folder, capsys):
    words = ('--ann-file', folder / 'test.txt', '--indices', 2)
    picture(*words, '--num-segments', 4)
    assert '4 segments of 1 videos' in capsys.readouterr().out


def test_a_video_of_one_segment_is_told(picture, folder, tmp_path):
    encode(tmp_path / 'short.mp4', num_frames=4, size=(32, 48))
    with pytest.raises(ValueError, match=r'short\.mp4 gives 1 different'):
        picture('--videos', folder / 'test_5.mp4', tmp_path / 'short.mp4')


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        ([], 'by --videos, or by --ann-file'),
        (['--videos', 'a.mp4', 'a.mp4'], 'named twice'),
        (['--videos', 'none.mp4'], 'the file does not exist'),
        (['--ann-file', '{}/test.txt', '--indices', '7'], '0 to 2 of'),
        (['--videos', 'a.mp4', '--layer', 'conv7'], 'has no layer'),
    ],
)
def test_tells_errors(picture, folder, words, message):
    with pytest.raises(ValueError, match=message):
        picture(*(word.format(folder) for word in words))


def test_a_long_list_asks_for_a_choice(picture, tmp_path):
    names = tmp_path / 'long.txt'
    names.write_text(''.join(f'{i}.mp4 0\n' for i in range(19)))
    with pytest.raises(ValueError, match='19 videos are more than the 18'):
        picture('--ann-file', names)


def test_out_is_an_image(picture):
    with pytest.raises(ValueError, match='--out is an image'):
        picture('--videos', 'a.mp4', name='tsne.foo')
