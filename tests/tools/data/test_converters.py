"""Converters on small files in the official formats."""

from __future__ import annotations

import json
import runpy
import shutil
import sys
from pathlib import Path

import pytest
from encoded_video import encode
from frame_folders import write_frames

from vsslcodebase.datasets.converter import run

TOOLS = Path(__file__).resolve().parents[3] / 'tools' / 'data'


@pytest.fixture(scope='module')
def one_video(tmp_path_factory):
    return encode(tmp_path_factory.mktemp('one') / 'v.mp4', num_frames=5)


@pytest.fixture
def run_tool(tmp_path, monkeypatch):
    """Return a function that runs a tool in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(name, *args):
        monkeypatch.setattr(sys, 'argv', [name, *map(str, args)])
        runpy.run_path(str(TOOLS / name), run_name='__main__')

    return run


@pytest.fixture
def place(one_video, tmp_path):
    """Return a function that puts a video (a bad one) at some paths."""

    def place(*paths, bad=False):
        for path in paths:
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if bad:
                target.write_text('no video')
            else:
                shutil.copy(one_video, target)

    return place


def lines(path):
    return Path(path).read_text(encoding='utf-8').splitlines()


class TestKinetics:
    CSV = (
        'label,youtube_id,time_start,time_end,split,is_cc\n'
        'testifying,---QUuC4vJs,84,94,train,0\n'
        'air drumming,-0_abc,0,10,train,1\n'
        '"eating, quickly",xyz,1005,1015,train,0\n'
        'testifying,gone,1,11,train,0\n'
    )

    def test_class_folders_and_flat(self, run_tool, place, capsys):
        Path('train.csv').write_text(self.CSV)
        place(
            'videos/testifying/---QUuC4vJs_000084_000094.mp4',
            'videos/-0_abc_000000_000010.webm',
            'videos/eating, quickly/xyz_001005_001015.mkv',
        )
        run_tool('kinetics400.py', 'train.csv', 'videos', 'out/train.txt')
        assert lines('out/train.txt') == [
            'testifying/---QUuC4vJs_000084_000094.mp4 2',
            '-0_abc_000000_000010.webm 0',
            'eating, quickly/xyz_001005_001015.mkv 1',
        ]
        assert lines('out/classes.txt') == [
            'air drumming',
            'eating, quickly',
            'testifying',
        ]
        report = lines('out/train.txt.problems.txt')
        assert report == ['missing gone_000001_000011']
        assert '3 videos; 1 missing, not opened' in capsys.readouterr().out

    def test_lists_of_other_classes_are_not_mixed(self, run_tool, place):
        place('videos/a_000000_000010.mp4')
        header = 'label,youtube_id,time_start,time_end,split\n'
        Path('train.csv').write_text(f'{header}b,a,0,10,train\n')
        Path('val.csv').write_text(f'{header}c,a,0,10,val\n')
        run_tool('kinetics400.py', 'train.csv', 'videos', 'train.txt')
        run_tool('kinetics400.py', 'train.csv', 'videos', 'again.txt')
        with pytest.raises(SystemExit, match='lists other classes'):
            run_tool('kinetics400.py', 'val.csv', 'videos', 'val.txt')

    @pytest.mark.parametrize(
        ('text', 'message'),
        [
            ('youtube_id,label\nx,y\n', r"line 1: .*'time_end', 'time_start'"),
            ('{header}a,b,1,11\nc,d,x,9\n', "line 3: .*time_start='x'"),
            ('{header}a,b\n', 'line 2: expected times'),
            ('{header},b,1,11\n', 'line 2: expected a label'),
            ('{header}', 'names no video'),
        ],
    )
    def test_wrong_lines_are_named(self, run_tool, text, message):
        header = 'label,youtube_id,time_start,time_end\n'
        Path('t.csv').write_text(text.format(header=header))
        Path('videos').mkdir()
        with pytest.raises(SystemExit, match=rf't\.csv.*{message}'):
            run_tool('kinetics400.py', 't.csv', 'videos', 'train.txt')


class TestSomethingSomething:
    LABELS = {
        'Pushing something from left to right': '1',
        'Approaching something with your camera': '0',
    }

    def split(self, **more):
        return [
            {
                'id': '78687',
                'label': 'pushing potato from left to right',
                'template': 'Pushing [something] from left to right',
                'placeholders': ['potato'],
            },
            {'id': '4', **more},
        ]

    def convert(self, run_tool, labels, split):
        for name, content in (('labels', labels), ('train', split)):
            text = content if isinstance(content, str) else json.dumps(content)
            Path(f'{name}.json').write_text(text)
        run_tool(
            'something_something_v2.py',
            *('labels.json', 'train.json', 'videos', 'train.txt'),
        )

    def test_templates_become_labels(self, run_tool, place):
        place('videos/78687.webm', 'videos/4.webm')
        split = self.split(template='Approaching [something] with your camera')
        self.convert(run_tool, self.LABELS, split)
        assert lines('train.txt') == ['78687.webm 1', '4.webm 0']
        assert lines('classes.txt') == [
            'Approaching something with your camera',
            'Pushing something from left to right',
        ]

    def test_videos_of_the_test_split_have_no_label(self, run_tool, place):
        place('videos/78687.webm', 'videos/4.webm')
        self.convert(run_tool, self.LABELS, self.split())
        assert lines('train.txt')[1] == '4.webm -1'

    def test_wrong_files_are_named(self, run_tool):
        split = self.split(template='Dancing with [something]')
        with pytest.raises(
            SystemExit, match=r'train\.json, entry 2: .*Dancin'
        ):
            self.convert(run_tool, self.LABELS, split)
        with pytest.raises(SystemExit, match=r'train\.json, entry 1: .*got 3'):
            self.convert(run_tool, self.LABELS, [3])
        with pytest.raises(SystemExit, match=r'train\.json, line 2: no valid'):
            self.convert(run_tool, self.LABELS, '[\n{"id": }]')
        with pytest.raises(SystemExit, match=r'labels\.json: expected'):
            self.convert(run_tool, {'a': '0', 'b': '2'}, split)

    def test_a_flip_exchanges_what_is_told(self, run_tool, place, capsys):
        place('videos/78687.webm', 'videos/4.webm')
        labels = {
            'Pushing something from left to right': '1',
            'Approaching something with your camera': '0',
            'Pushing something from right to left': '2',
        }
        self.convert(run_tool, labels, self.split())
        assert 'flip_label_map={1: 2, 2: 1}' in capsys.readouterr().out


class TestSomethingSomethingV1:
    LABELS = (
        'Holding something\n'
        'Pushing something from right to left\n'
        'Putting something, something and something on the table\n'
        'Pushing something from left to right\n'
    )
    SPLIT = (
        '100218;Pushing something from left to right\n'
        '24413;Putting something, something and something on the table\n'
        '3;Holding something\n'
    )

    def convert(self, run_tool, *options, labels=LABELS, split=SPLIT):
        Path('labels.csv').write_text(labels)
        Path('train.csv').write_text(split)
        run_tool(
            'something_something_v1.py',
            *('labels.csv', 'train.csv', 'videos', 'train.txt', *options),
        )

    def test_folders_of_frames(self, run_tool, capsys):
        for name in ('100218', '3', '55'):
            write_frames(Path('videos', name), 3)
        self.convert(run_tool)
        assert lines('train.txt') == ['100218 3', '3 0']
        assert lines('classes.txt') == self.LABELS.splitlines()
        assert lines('train.txt.problems.txt') == ['missing 24413']
        printed = capsys.readouterr().out
        assert '2 videos; 1 missing, not opened' in printed
        assert 'flip_label_map={1: 3, 3: 1}' in printed

    def test_folders_with_holes_are_found_with_check(self, run_tool):
        for name in ('100218', '24413', '3'):
            write_frames(Path('videos', name), 3)
        Path('videos/3/00002.jpg').unlink()
        Path('videos/100218/00003.jpg').write_bytes(b'')
        self.convert(run_tool, '--check', '--workers', '1')
        assert lines('train.txt') == ['24413 2']
        assert lines('train.txt.problems.txt') == [
            'unreadable 100218: 00003.jpg is empty',
            'unreadable 3: 1 frames are missing between 00001.jpg and '
            '00003.jpg',
        ]

    def test_webm(self, run_tool, place):
        place('videos/100218.webm', 'videos/part/3.webm')
        self.convert(run_tool, '--format', 'webm')
        assert lines('train.txt') == ['100218.webm 3', 'part/3.webm 0']

    def test_the_other_format_is_an_error(self, run_tool, place):
        place('videos/100218.webm')
        with pytest.raises(SystemExit, match="'100218', a folder of images"):
            self.convert(run_tool)
        Path('videos/100218.webm').unlink()
        Path('videos/100218').mkdir()
        with pytest.raises(SystemExit, match=r"'100218', a file in \.avi, "):
            self.convert(run_tool, '--format', 'webm')

    def test_videos_of_the_test_split_have_no_label(self, run_tool):
        write_frames(Path('videos', '7'), 1)
        self.convert(run_tool, split='7\r\n')
        assert lines('train.txt') == ['7 -1']

    @pytest.mark.parametrize(
        ('text', 'message'),
        [
            ({'split': '3;Dancing\n'}, r'train\.csv, line 1: .*Dancing'),
            ({'split': '\nid,label\n'}, r'train\.csv, line 2: .*"id;class'),
            ({'split': '3\n3\n'}, r'train\.csv, line 2: .* 3 .* twice'),
            ({'split': '\n'}, r'train\.csv names no video'),
            ({'labels': '\n'}, r'labels\.csv names no class'),
            ({'labels': 'a\nb\na\n'}, r"csv, line 3: 'a' is line 1, too"),
            ({'labels': SPLIT}, r'labels\.csv, line 1: .*before the split'),
        ],
    )
    def test_wrong_lines_are_named(self, run_tool, text, message):
        with pytest.raises(SystemExit, match=f'^error: .*{message}'):
            self.convert(run_tool, **text)


class TestUCF101:
    def write_splits(self, train='', test=''):
        folder = Path('splits')
        folder.mkdir(exist_ok=True)
        (folder / 'classInd.txt').write_text(
            '1 ApplyEyeMakeup\r\n2 HandstandPushups\r\n'
        )
        (folder / 'trainlist01.txt').write_text(
            'ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 1\r\n'
            'HandstandPushups/v_HandStandPushups_g08_c01.avi 2\r\n' + train
        )
        (folder / 'testlist01.txt').write_text(
            'HandstandPushups/v_HandStandPushups_g01_c04.avi\n' + test
        )

    def test_splits(self, run_tool, place):
        self.write_splits()
        place(
            'videos/ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi',
            # the official archive spells this folder differently
            'videos/HandStandPushups/v_HandStandPushups_g08_c01.avi',
            'videos/v_HandStandPushups_g01_c04.avi',
        )
        run_tool('ucf101.py', 'splits', 'videos', 'out')
        assert lines('out/train_split1.txt') == [
            'ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 0',
            'HandStandPushups/v_HandStandPushups_g08_c01.avi 1',
        ]
        assert lines('out/test_split1.txt') == [
            'v_HandStandPushups_g01_c04.avi 1'
        ]
        assert lines('out/classes.txt') == [
            'ApplyEyeMakeup',
            'HandstandPushups',
        ]

    def test_wrong_lines_are_named(self, run_tool, place):
        place('videos/a.avi')
        self.write_splits(train='\nDancing/v_Dancing_g01_c01.avi 3\n')
        with pytest.raises(
            SystemExit, match=r'trainlist01\.txt, line 4: .*<c'
        ):
            run_tool('ucf101.py', 'splits', 'videos', 'out')
        self.write_splits(train='ApplyEyeMakeup/v_x.avi 2\n')
        with pytest.raises(SystemExit, match=r'line 3: .* the number 1, this'):
            run_tool('ucf101.py', 'splits', 'videos', 'out')
        Path('splits/classInd.txt').write_text('1 A\n3 B\n')
        with pytest.raises(SystemExit, match=r'classInd\.txt, line 2: .*"2 <'):
            run_tool('ucf101.py', 'splits', 'videos', 'out')


class TestHMDB51:
    def test_splits(self, run_tool, place):
        folder = Path('splits')
        folder.mkdir()
        (folder / 'brush_hair_test_split1.txt').write_text(
            'A_brush_hair_goo_0.avi 1 \nB_brush_hair_goo_1.avi 2 \n'
            'C_brush_hair_goo_2.avi 0 \n'
        )
        (folder / 'wave_test_split1.txt').write_text('D_wave_goo_0.avi 1 \n')
        (folder / 'wave_test_split2.txt').write_text('D_wave_goo_0.avi 2 \n')
        place(
            'videos/brush_hair/A_brush_hair_goo_0.avi',
            'videos/brush_hair/B_brush_hair_goo_1.avi',
            'videos/wave/D_wave_goo_0.avi',
        )
        run_tool('hmdb51.py', 'splits', 'videos', 'out')
        assert lines('out/train_split1.txt') == [
            'brush_hair/A_brush_hair_goo_0.avi 0',
            'wave/D_wave_goo_0.avi 1',
        ]
        assert lines('out/test_split1.txt') == [
            'brush_hair/B_brush_hair_goo_1.avi 0'
        ]
        assert lines('out/test_split2.txt') == ['wave/D_wave_goo_0.avi 1']
        assert lines('out/classes.txt') == ['brush_hair', 'wave']

    def test_wrong_input_is_named(self, run_tool):
        Path('splits').mkdir()
        with pytest.raises(SystemExit, match='no <class>_test_split1'):
            run_tool('hmdb51.py', 'splits', 'videos', 'out')
        Path('splits/wave_test_split3.txt').write_text('a.avi 1\nb.avi 3\n')
        with pytest.raises(SystemExit, match=r'split3\.txt, line 2: .*b\.avi'):
            run_tool('hmdb51.py', 'splits', 'videos', 'out')


class TestWhatIsThere:
    """Shared by all converters; shown with HMDB51's."""

    @pytest.fixture(autouse=True)
    def splits(self, tmp_path):
        (tmp_path / 'splits').mkdir()
        (tmp_path / 'splits' / 'wave_test_split1.txt').write_text(
            'a.avi 1\nb.avi 1\nc.avi 2\n'
        )

    def run(self, run_tool, *options):
        run_tool('hmdb51.py', 'splits', 'videos', 'out', *options)

    def test_unreadable_videos_are_found_with_check(
        self, run_tool, place, capsys
    ):
        place('videos/a.mp4', 'videos/c.mp4')
        place('videos/b.mp4', bad=True)
        self.run(run_tool, '--check', '--workers', '2')
        assert lines('out/train_split1.txt') == ['a.mp4 0']
        report = lines('out/train_split1.txt.problems.txt')
        assert len(report) == 1
        assert report[0].startswith('unreadable b.mp4: ')
        assert not Path('out/test_split1.txt.problems.txt').exists()
        printed = capsys.readouterr().out
        assert '3/3' in printed
        assert '1 videos; 0 missing, 1 unreadable' in printed

    def test_a_report_goes_away_with_its_reasons(self, run_tool, place):
        place('videos/a.mp4', 'videos/c.mp4')
        self.run(run_tool)
        assert Path('out/train_split1.txt.problems.txt').exists()
        place('videos/b.mp4')
        self.run(run_tool)
        assert not Path('out/train_split1.txt.problems.txt').exists()

    def test_a_wrong_folder_is_an_error(self, run_tool, place):
        with pytest.raises(
            SystemExit, match="no folder of videos at 'videos'"
        ):
            self.run(run_tool)
        place('videos/other.mp4')
        with pytest.raises(
            SystemExit, match=r'none of 1 videos .* holds 1 oth'
        ):
            self.run(run_tool)

    def test_the_same_video_twice_is_an_error(self, run_tool, place):
        place('videos/a.mp4', 'videos/b.mp4', 'videos/c.mp4', 'videos/x/a.avi')
        with pytest.raises(SystemExit, match=r'a\.mp4, x/a\.avi; leave one'):
            self.run(run_tool)

    def test_links_are_followed_and_circles_end(self, run_tool, place):
        place('elsewhere/a.mp4', 'elsewhere/b.mp4', 'videos/c.mp4')
        Path('videos/linked').symlink_to('../elsewhere')
        Path('videos/circle').symlink_to('../videos')
        self.run(run_tool)
        assert lines('out/train_split1.txt') == [
            'linked/a.mp4 0',
            'linked/b.mp4 0',
        ]


@pytest.mark.parametrize(
    'tool', sorted(TOOLS.glob('*.py')), ids=lambda p: p.stem
)
def test_help_shows_an_example(run_tool, tool, capsys):
    with pytest.raises(SystemExit) as caught:
        run_tool(tool.name, '--help')
    assert caught.value.code == 0
    assert f'tools/data/{tool.name} ' in capsys.readouterr().out


class TestSemiSupervised:
    def test_lists_are_written_beside_the_whole_one(self, run_tool):
        videos = [f'v {i}.mp4 {i % 3}' for i in range(300)]
        Path('train.txt').write_text('\n'.join(videos))
        run_tool('semi_supervised.py', 'train.txt')
        small, large = lines('train_1pct.txt'), lines('train_10pct.txt')
        assert len(small) == 3
        assert len(large) == 30
        assert sorted(line[-1] for line in small) == ['0', '1', '2']
        assert set(small) < set(large) < set(videos)
        run_tool('semi_supervised.py', 'train.txt')
        assert lines('train_10pct.txt') == large
        run_tool('semi_supervised.py', 'train.txt', '--seed', '1')
        assert lines('train_10pct.txt') != large

    def test_wrong_input_is_named(self, run_tool):
        with pytest.raises(
            SystemExit, match=r"no list of videos at 'no\.txt'"
        ):
            run_tool('semi_supervised.py', 'no.txt')
        Path('train.txt').write_text('a.mp4 0\nb.mp4 -1\n')
        with pytest.raises(
            SystemExit, match=r"needs labels, 'b\.mp4' has none"
        ):
            run_tool('semi_supervised.py', 'train.txt')
        Path('train.txt').write_text('a.mp4 0\n')
        with pytest.raises(SystemExit, match=r'share must be in .* got 2'):
            run_tool('semi_supervised.py', 'train.txt', '--percent', '200')


@pytest.mark.parametrize(
    ('name', 'arguments', 'message'),
    [
        ('ucf101.py', 'gone v out', "argument splits: 'gone' does not exist;"),
        ('ucf101.py', 'file v out', "splits: 'file' is a file; .*classInd"),
        ('ucf101.py', 'v v out', r"splits: 'v/classInd\.txt' does not exist"),
        ('hmdb51.py', 'gone v out', r"splits: 'gone' .* <class>_test_split1"),
        ('kinetics400.py', 'gone.csv v out', r"argument csv: 'gone\.csv' "),
        ('kinetics400.py', 'v v out', r"csv: 'v' is a folder; .*train\.csv"),
        ('something_something_v1.py', 'gone file v out', "labels: 'gone' "),
        ('something_something_v1.py', 'file v v out', "split: 'v' is a f"),
        ('something_something_v2.py', 'gone file v out', "labels: 'gone' "),
        ('something_something_v2.py', 'file gone v out', "split: 'gone' "),
    ],
)
def test_a_wrong_path_names_its_argument(run_tool, name, arguments, message):
    Path('v').mkdir()
    Path('file').write_text('')
    with pytest.raises(SystemExit, match=f'^error: .*{message}'):
        run_tool(name, *arguments.split())


def test_an_error_of_the_system_names_file_and_reason(tmp_path):
    with pytest.raises(SystemExit) as caught:
        run(tmp_path.read_text)
    assert caught.value.code == f"error: '{tmp_path}': Is a directory"
