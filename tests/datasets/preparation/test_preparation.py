"""Preparing whole data sets: what comes out, and what is refused."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace

import pytest
from encoded_video import encode
from preparing import encoded_again, files, make_plan, manifest

from vsslcodebase.datasets.annotation import read_list
from vsslcodebase.datasets.preparation import prepare as preparation
from vsslcodebase.datasets.preparation.prepare import prepare
from vsslcodebase.datasets.preparation.prepared_size import estimate_bytes
from vsslcodebase.datasets.readers import open_reader


@pytest.fixture
def plan(tmp_path):
    return make_plan(tmp_path)


class TestWhatComesOut:
    def test_lists_keep_order_labels_and_repeats(self, plan):
        prepare(plan, workers=2)
        assert read_list(plan.out / 'train.txt') == [
            ('a.mp4', 3),
            ('b c.mp4', 0),
            ('deep/er/d.mp4', 12),
        ]
        assert read_list(plan.out / 'val.txt') == [
            ('deep/e.mp4', -1),
            ('b c.mp4', 0),
            ('f.x.mp4', -1),
            ('a.mp4', 5),
            ('a.mp4', 5),
        ]
        assert not (plan.out / 'bad_videos.txt').exists()

    def test_all_videos_are_there_and_small(self, plan):
        prepare(plan)
        frames = {'a': 10, 'b c': 11, 'deep/er/d': 12, 'deep/e': 13, 'f.x': 14}
        for name, number in frames.items():
            path = plan.out / 'videos' / f'{name}.mp4'
            with open_reader(str(path), 'pyav') as reader:
                assert reader.total_frames == number
                assert reader.get_frames([0])[0].shape == (32, 42, 3)
        assert len(list((plan.out / 'videos').rglob('*.*'))) == 5

    def test_the_manifest_says_what_was_made_of_what(self, plan):
        prepare(plan, workers=2)
        entries = manifest(plan.out)
        assert len(entries) == 5
        for name, entry in entries.items():
            status = (plan.videos / name).stat()
            data = (plan.out / 'videos' / entry['target']).read_bytes()
            assert entry['source_bytes'] == status.st_size
            assert entry['source_mtime_ns'] == status.st_mtime_ns
            assert entry['sha256'] == hashlib.sha256(data).hexdigest()
            assert entry['bytes'] == len(data)
            assert (entry['height'], entry['width']) == (32, 42)
        assert entries['deep/e.mkv']['frames'] == 13

    def test_the_number_of_workers_changes_nothing(self, plan):
        prepare(plan, workers=1)
        other = replace(plan, out=plan.out.with_name('other'))
        prepare(other, workers=3)
        assert manifest(plan.out) == manifest(other.out)
        one, two = files(plan.out), files(other.out)
        del one['manifest.jsonl'], two['manifest.jsonl']
        assert one == two

    def test_the_class_names_come_along(self, plan):
        classes = plan.videos.parent / 'classes.txt'
        classes.write_text('one\ntwo\n')
        prepare(plan)
        assert (plan.out / 'classes.txt').read_text() == 'one\ntwo\n'

    def test_names_of_any_bytes(self, plan):
        name = os.fsdecode(b'caf\xe9.mp4')
        os.rename(plan.videos / 'a.mp4', plan.videos / name)
        line = os.fsencode(name) + b' 7\n'
        plan.lists[0].write_bytes(line)
        plan = replace(plan, lists=plan.lists[:1])
        prepare(plan)
        assert (plan.out / 'train.txt').read_bytes() == line
        assert (plan.out / 'videos' / name).exists()

    def test_a_limit_takes_the_first_of_each_list(self, plan, monkeypatch):
        limited = replace(plan, limit=1)
        done = encoded_again(limited, monkeypatch)
        assert done == ['a.mp4', 'deep/e.mkv']
        assert read_list(plan.out / 'train.txt') == [('a.mp4', 3)]
        assert len(encoded_again(plan, monkeypatch)) == 3
        assert len(read_list(plan.out / 'train.txt')) == 3


class TestRefusals:
    def check(self, plan, message):
        before = files(plan.videos.parent)
        with pytest.raises(ValueError, match=message):
            prepare(plan)
        assert files(plan.videos.parent) == before

    def test_videos_that_would_collide(self, plan):
        encode(plan.videos / 'a.webm', codec='libvpx', num_frames=2)
        plan.lists[1].write_text('a.webm 0\n')
        self.check(plan, r"'a.mp4' and 'a.webm' would both become 'a.mp4'")

    @pytest.mark.parametrize('path', ['../a.mp4', 'x/../../a.mp4', '/a.mp4'])
    def test_paths_that_lead_out(self, plan, path):
        plan.lists[1].write_text(f'{path} 0\n')
        self.check(plan, r'val\.txt: .* is not a path inside the folder')

    def test_an_empty_list(self, plan):
        plan.lists[1].write_text('\n')
        self.check(plan, 'names no video')

    def test_no_folder_of_videos(self, plan):
        plan = replace(plan, videos=plan.videos / 'none')
        with pytest.raises(ValueError, match=r"no folder .* at '.*none"):
            prepare(plan)

    def test_lists_of_one_name(self, plan):
        other = plan.videos / 'train.txt'
        other.write_text('a.mp4 0\n')
        plan = replace(plan, lists=[*plan.lists, other])
        self.check(plan, "two lists are named 'train.txt'")

    def test_a_list_with_a_name_of_ours(self, plan):
        path = plan.lists[0].with_name('bad_videos.txt')
        path.write_text('a.mp4 0\n')
        self.check(replace(plan, lists=[path]), 'has a name that this tool')

    def test_overwriting_the_list(self, plan):
        out = plan.lists[0].parent
        self.check(replace(plan, out=out), "would overwrite '.*train.txt'")

    @pytest.mark.parametrize('inside', ['.', 'videos', 'x/y'])
    def test_mixing_old_and_new_videos(self, plan, inside):
        out = plan.videos / inside
        self.check(replace(plan, out=out), 'would get mixed up')

    def test_a_folder_with_something_else(self, plan):
        plan.out.mkdir()
        (plan.out / 'thesis.tex').write_text('')
        self.check(plan, 'is not empty and has no settings.json')
        (plan.out / 'settings.json').write_text('[1]')
        self.check(plan, 'is no JSON object')
        self.check(replace(plan, out=plan.lists[0]), 'is a file, not a folder')


class TestDryRun:
    def test_nothing_is_written(self, plan, capsys):
        prepare(plan, dry_run=True)
        assert not plan.out.exists()
        assert '5 are to be encoded' in capsys.readouterr().out
        prepare(replace(plan, limit=1))
        before = files(plan.out)
        prepare(plan, dry_run=True)
        assert files(plan.out) == before
        assert '3 are to be encoded' in capsys.readouterr().out

    def test_a_full_disk_is_foreseen(self, plan, monkeypatch, capsys):
        usage = preparation.shutil.disk_usage(plan.videos)
        usage = usage._replace(free=100)
        monkeypatch.setattr(preparation.shutil, 'disk_usage', lambda _: usage)
        prepare(plan, dry_run=True)
        assert 'will probably run out of space' in capsys.readouterr().out


def test_size_is_estimated_from_headers(plan):
    paths = [str(plan.videos / n) for n in ('a.mp4', 'none.mp4', 'b c.webm')]
    pixels = 32 * 42 * (10 + 11) / 2 * 3  # the missing one as the others
    settings = plan.settings
    expected = pixels * 0.4 / 8
    assert estimate_bytes(paths, settings) == pytest.approx(expected, rel=0.05)
    coarse = replace(settings, crf=26)
    assert estimate_bytes(paths, coarse) == pytest.approx(
        expected / 2, rel=0.05
    )
    assert estimate_bytes(['none.mp4'], settings) == 0
