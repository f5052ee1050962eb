"""Preparing data sets that are killed, changed, damaged, or half done."""

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
from preparing import encoded_again, files, make_plan, manifest

from vsslcodebase.datasets.annotation import read_list
from vsslcodebase.datasets.preparation import prepare as preparation
from vsslcodebase.datasets.preparation import prepared_folder
from vsslcodebase.datasets.preparation.prepare import prepare
from vsslcodebase.datasets.readers import open_reader

FORK = multiprocessing.get_context('fork')


@pytest.fixture
def plan(tmp_path):
    return make_plan(tmp_path)


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
