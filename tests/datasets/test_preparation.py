"""Preparing whole data sets: resuming, refusing, and what is left behind."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
from encoded_video import encode

from vsslcodebase.datasets import preparation, prepared_folder
from vsslcodebase.datasets.annotation import read_list
from vsslcodebase.datasets.preparation import Preparation, prepare
from vsslcodebase.datasets.prepared_size import estimate_bytes
from vsslcodebase.datasets.reencoding import EncodeSettings
from vsslcodebase.datasets.transforms import open_reader

FORK = multiprocessing.get_context('fork')


@pytest.fixture
def plan(tmp_path):
    """Five videos in two lists that share two of them."""
    folder = tmp_path / 'videos'
    names = ['a.mp4', 'b c.webm', 'deep/er/d.avi', 'deep/e.mkv', 'f.x.mp4']
    codecs = dict(zip(names, ['libx264', 'libvpx', 'mpeg4']))
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        codec = codecs.get(name, 'libx264')
        encode(path, num_frames=10 + number, codec=codec)
    (tmp_path / 'train.txt').write_text(
        'a.mp4 3\nb c.webm 0\ndeep/er/d.avi 12\n'
    )
    (tmp_path / 'val.txt').write_text(
        './deep/e.mkv -1\nb c.webm 0\nf.x.mp4 -1\na.mp4 5\na.mp4 5\n'
    )
    return Preparation(
        [tmp_path / 'train.txt', tmp_path / 'val.txt'],
        folder,
        tmp_path / 'out',
        EncodeSettings(short_side=32, preset='ultrafast'),
    )


def files(out):
    """Return what lies in a folder: contents by name."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob('*'))
        if path.is_file()
    }


def manifest(out):
    lines = (out / 'manifest.jsonl').read_text().splitlines()
    return {entry['source']: entry for entry in map(json.loads, lines)}


def encoded_again(plan, monkeypatch, **options):
    """Prepare, and return the videos that were encoded for it."""
    log = plan.out.with_name('log')
    log.write_text('')
    original = preparation.reencode_video

    def logging(source, target, settings):
        with open(log, 'a') as file:  # of a worker
            file.write(os.path.relpath(source, plan.videos) + '\n')
        return original(source, target, settings)

    with monkeypatch.context() as patch:
        patch.setattr(preparation, 'reencode_video', logging)
        prepare(plan, **options)
    return sorted(log.read_text().splitlines())


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


class TestResuming:
    def test_nothing_is_done_twice(self, plan, monkeypatch):
        assert len(encoded_again(plan, monkeypatch, workers=2)) == 5
        before = files(plan.out)
        assert encoded_again(plan, monkeypatch) == []
        assert files(plan.out) == before

    def test_missing_and_resized_files_are_made_again(self, plan, monkeypatch):
        prepare(plan)
        before = manifest(plan.out)
        (plan.out / 'videos' / 'a.mp4').unlink()
        with open(plan.out / 'videos' / 'f.x.mp4', 'ab') as file:
            file.write(b'!')
        again = encoded_again(plan, monkeypatch)
        assert again == ['a.mp4', 'f.x.mp4']
        assert manifest(plan.out) == before

    def test_a_changed_original_is_encoded_again(self, plan, monkeypatch):
        prepare(plan)
        encode(plan.videos / 'a.mp4', num_frames=7)
        assert encoded_again(plan, monkeypatch) == ['a.mp4']
        assert manifest(plan.out)['a.mp4']['frames'] == 7

    def test_originals_may_be_gone(self, plan, monkeypatch):
        prepare(plan)
        before = files(plan.out)
        (plan.videos / 'a.mp4').unlink()
        assert encoded_again(plan, monkeypatch) == []
        assert files(plan.out) == before

    def test_verify_finds_changed_bytes(self, plan, monkeypatch, capsys):
        prepare(plan)
        before = files(plan.out)
        path = plan.out / 'videos' / 'deep' / 'e.mp4'
        data = bytearray(path.read_bytes())
        data[-5] ^= 1
        path.write_bytes(data)
        assert encoded_again(plan, monkeypatch) == []
        again = encoded_again(plan, monkeypatch, verify=True)
        assert again == ['deep/e.mkv']
        printed = capsys.readouterr().out
        assert "'deep/e.mp4' is not what the manifest says" in printed
        assert path.read_bytes() == before['videos/deep/e.mp4']

    def test_a_line_cut_off_by_a_kill_is_forgotten(self, plan, monkeypatch):
        prepare(plan)
        path = plan.out / 'manifest.jsonl'
        whole = path.read_text()
        path.write_text(whole[:-20])
        last = json.loads(whole.splitlines()[-1])['source']
        assert encoded_again(plan, monkeypatch) == [last]
        assert path.read_text() == whole

    def test_changed_lines_are_not_believed(self, plan, monkeypatch):
        prepare(plan)
        path = plan.out / 'manifest.jsonl'
        whole = path.read_text()
        path.write_text(whole.replace('"target": "a', '"target": "f.x'))
        assert encoded_again(plan, monkeypatch) == ['a.mp4']
        digest = manifest(plan.out)['a.mp4']['sha256']
        path.write_text(whole.replace(digest, '0' * 64))
        assert encoded_again(plan, monkeypatch, verify=True) == ['a.mp4']
        assert manifest(plan.out)['a.mp4']['sha256'] == digest

    def test_a_line_of_somebody_else_is_an_error(self, plan):
        prepare(plan)
        path = plan.out / 'manifest.jsonl'
        lines = path.read_text().splitlines()
        for broken in ('{}', '[1]', 'x', lines[1].replace(': 32', ': "32"')):
            path.write_text('\n'.join([lines[0], broken, *lines[2:], '']))
            with pytest.raises(ValueError, match='line 2: not a line that'):
                prepare(plan)

    def test_left_over_partial_files_are_removed(self, plan):
        folder = plan.out / 'videos' / 'deep'
        folder.mkdir(parents=True)
        (plan.out / 'settings.json').write_text(json.dumps(plan.describe()))
        (folder / '.e.mp4.123.part').write_text('half')
        prepare(plan)
        assert sorted(os.listdir(folder)) == ['e.mp4', 'er']

    def test_killed_in_mid_run(self, plan):
        """No half file under a final name, and the rest is done later."""
        for number in range(12):
            encode(plan.videos / f'{number}.mp4', size=(96, 128))
        lines = [f'{number}.mp4 {number}\n' for number in range(12)]
        plan.lists[0].write_text(''.join(lines))
        plan = replace(plan, lists=plan.lists[:1])
        process = FORK.Process(target=prepare, args=(plan, 2))
        process.start()
        log = plan.out / 'manifest.jsonl'
        while not (log.exists() and log.read_bytes().count(b'\n') >= 3):
            assert process.is_alive()
            time.sleep(0.001)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert len(manifest(plan.out)) < 12
        assert not (plan.out / 'train.txt').exists()
        for path in (plan.out / 'videos').glob('[!.]*'):
            with open_reader(str(path), 'pyav') as reader:
                assert reader.total_frames == 40
        prepare(plan, workers=2)  # workers of the first run may still live
        assert len(read_list(plan.out / 'train.txt')) == 12
        for entry in manifest(plan.out).values():
            data = (plan.out / 'videos' / entry['target']).read_bytes()
            assert hashlib.sha256(data).hexdigest() == entry['sha256']

    def test_other_settings_are_an_error_that_names_them(self, plan):
        prepare(plan)
        settings = replace(plan.settings, crf=30, gop=6)
        with pytest.raises(
            ValueError, match='otherwise: gop was 12 and is 6; crf was 20 and'
        ):
            prepare(replace(plan, settings=settings))
        moved = plan.videos.with_name('moved')
        plan.videos.rename(moved)
        with pytest.raises(ValueError, match=r"source was '.*videos' and is"):
            prepare(replace(plan, videos=moved))

    def test_two_at_once_are_kept_apart(self, plan, tmp_path):
        """The first one is held up inside the folder."""
        receiver, sender = FORK.Pipe()

        def hold():
            folder = prepared_folder.PreparedFolder(plan.out)
            with folder.opened(plan.describe()):
                receiver.send('inside')
                receiver.recv()

        process = FORK.Process(target=hold)
        process.start()
        assert sender.recv() == 'inside'
        with pytest.raises(ValueError, match='another process is at work in'):
            prepare(plan)
        sender.send('go')
        process.join()
        prepare(plan)


class TestBadVideos:
    def test_they_are_left_out_and_listed(self, plan, capsys):
        (plan.videos / 'a.mp4').write_text('no video')
        (plan.videos / 'f.x.mp4').unlink()
        prepare(plan, workers=2)
        assert len(read_list(plan.out / 'train.txt')) == 2
        assert [v for v, _ in read_list(plan.out / 'val.txt')] == [
            'deep/e.mp4',
            'b c.mp4',
        ]
        report = (plan.out / 'bad_videos.txt').read_text().splitlines()
        assert len(report) == 2
        assert any(line.startswith('a.mp4: Invalid data') for line in report)
        assert 'f.x.mp4: the file does not exist' in report
        assert sorted(manifest(plan.out)) == [
            'b c.webm',
            'deep/e.mkv',
            'deep/er/d.avi',
        ]
        assert 'val.txt: 2 of 5 videos' in capsys.readouterr().out

    def test_the_report_goes_away_with_its_reasons(self, plan):
        data = (plan.videos / 'a.mp4').read_bytes()
        (plan.videos / 'a.mp4').write_text('no video')
        prepare(plan)
        assert (plan.out / 'bad_videos.txt').exists()
        (plan.videos / 'a.mp4').write_bytes(data)
        prepare(plan)
        assert not (plan.out / 'bad_videos.txt').exists()
        assert len(read_list(plan.out / 'train.txt')) == 3

    def test_a_list_of_bad_videos_only_is_an_error(self, plan):
        plan.lists[0].write_text('none.mp4 1\n')
        with pytest.raises(ValueError, match='none of the 1 videos of '):
            prepare(plan)

    def test_a_worker_killed_by_the_system_costs_one_video(
        self, plan, monkeypatch
    ):
        original = preparation.reencode_video

        def killing(source, target, settings):
            if source.endswith('a.mp4'):
                Path(target).with_name('.a.mp4.1.part').write_text('half')
                os.kill(os.getpid(), signal.SIGKILL)
            return original(source, target, settings)

        monkeypatch.setattr(preparation, 'reencode_video', killing)
        prepare(plan, workers=2)
        report = (plan.out / 'bad_videos.txt').read_text()
        assert report.startswith('a.mp4: ')
        assert 'SIGKILL' in report
        assert len(manifest(plan.out)) == 4
        assert not list(plan.out.rglob('*.part'))

    def test_workers_that_all_die_end_the_run(self, plan, monkeypatch):
        def killing(*_):
            os.kill(os.getpid(), signal.SIGKILL)

        monkeypatch.setattr(preparation, 'reencode_video', killing)
        lines = [f'{number}.mp4 0\n' for number in range(20)]
        for line in lines:
            (plan.videos / line.split()[0]).write_text('')
        plan.lists[0].write_text(''.join(lines))
        with pytest.raises(RuntimeError, match=r'8 videos in a row .*SIGKILL'):
            prepare(plan, workers=2)

    def test_a_full_disk_ends_the_run(self, plan, monkeypatch):
        def full(*_):
            raise OSError(28, 'No space left on device')

        monkeypatch.setattr(preparation, 'reencode_video', full)
        with pytest.raises(OSError, match='No space left'):
            prepare(plan, workers=2)
        assert not (plan.out / 'bad_videos.txt').exists()


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
