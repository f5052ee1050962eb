"""The examination of whole data sets, with videos that crash and hang."""

from __future__ import annotations

import faulthandler
import json
import multiprocessing
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from encoded_video import encode

from vsslcodebase.datasets.doctor import examination
from vsslcodebase.datasets.doctor.decode_cost import (
    DecodeCost,
    Trial,
    estimate_gain,
    measure_decoding,
)
from vsslcodebase.datasets.doctor.diagnosis import (
    Diagnosis,
    diagnose,
    frames_of_clip,
)
from vsslcodebase.datasets.doctor.examination import Examination, choose
from vsslcodebase.datasets.doctor.findings import of_videos
from vsslcodebase.datasets.doctor.picture_report import write_picture
from vsslcodebase.datasets.doctor.text_report import advice, text_report
from vsslcodebase.datasets.doctor.video_report import VideoReport, examine
from vsslcodebase.datasets.preparation.reencoding import EncodeSettings
from vsslcodebase.datasets.transforms.clip_sampling import (
    ClipSampler,
    SampleSeparatedClips,
)

SAMPLER = SampleSeparatedClips(clip_len=4, frame_interval=2, num_clips=3)


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    return encode(tmp_path_factory.mktemp('one') / 'v.mp4', num_frames=30)


@pytest.fixture
def folder(tmp_path, whole):
    for name in ('a.mp4', 'b.mp4', 'c.mp4'):
        shutil.copy(whole, tmp_path / name)
    return str(tmp_path)


def quick(folder, **options):
    options = dict(sample=0, reencode=0) | options
    return Examination(folder, SAMPLER, **options)


def kinds(diagnosis):
    return {f.kind: f.cases for f in diagnosis.findings}


def test_a_clean_data_set_is_sound(folder):
    videos = [('a.mp4', 0), ('b.mp4', 1), ('c.mp4', 0)]
    diagnosis = diagnose(videos, quick(folder), ['run', 'sit'])
    assert diagnosis.is_sound
    assert diagnosis.findings == []
    assert diagnosis.clean_videos() == videos
    assert [report.frames for report in diagnosis.reports] == [30] * 3
    assert 'Nothing is wrong.' in text_report(diagnosis)
    assert advice(diagnosis, 'list', folder, 128) == []


def misbehave(path):
    """Stand in for videos that crash or hang the decoder."""
    if path.endswith('a.mp4'):
        faulthandler.disable()  # pytest's would print pages
        os.kill(os.getpid(), signal.SIGSEGV)
    if path.endswith('b.mp4'):
        signal.pause()


def misbehave_in_the_check(path, *args):
    misbehave(path)
    return examine(path, *args)


def misbehave_later(path, *args):
    misbehave(path)
    return measure_decoding(path, *args)


def stumble(path, *args):
    raise IndexError('list index out of range')


def lose_the_file(path, *args):
    os.remove(path)
    return measure_decoding(path, *args)


@pytest.mark.parametrize(
    ('stage', 'stand_in', 'sample'),
    [
        ('examine', misbehave_in_the_check, 0),
        ('measure_decoding', misbehave_later, 9),
    ],
)
def test_videos_that_crash_and_hang_are_named(
    folder, monkeypatch, stage, stand_in, sample
):
    monkeypatch.setattr(examination, stage, stand_in)
    videos = [('a.mp4', 0), ('b.mp4', 0), ('c.mp4', 0)]
    how = quick(folder, limit_sec=0.8, workers=2, sample=sample)
    others = multiprocessing.active_children()
    diagnosis = diagnose(videos, how)
    assert kinds(diagnosis) == {
        'crashed': [('a.mp4', 'the process that read it died of SIGSEGV')],
        'timed out': [('b.mp4', 'not done after 0.8 s')],
    }
    assert not diagnosis.is_sound
    assert diagnosis.clean_videos() == [('c.mp4', 0)]
    assert set(multiprocessing.active_children()) <= set(others)


@pytest.mark.parametrize(
    ('stage', 'sample'), [('examine', 0), ('measure_decoding', 1)]
)
def test_errors_that_nobody_expects_are_named(
    folder, monkeypatch, stage, sample
):
    monkeypatch.setattr(examination, stage, stumble)
    diagnosis = diagnose([('a.mp4', 0)], quick(folder, sample=sample))
    assert kinds(diagnosis)['unexpected error'] == [
        ('a.mp4', 'IndexError: list index out of range')
    ]


def test_damage_met_while_measuring_is_bad(folder, monkeypatch):
    monkeypatch.setattr(examination, 'measure_decoding', lose_the_file)
    diagnosis = diagnose([('a.mp4', 0)], quick(folder, sample=1))
    assert kinds(diagnosis)['corrupt'] == [
        ('a.mp4', 'the file does not exist')
    ]
    assert diagnosis.costs == []


def test_lines_to_train_on(folder):
    encode(Path(folder) / 'short.mp4', num_frames=7)
    videos = [
        ('a.mp4', 0),
        ('gone.mp4', 0),
        ('./b.mp4', 1),
        ('short.mp4', 1),
        ('b.mp4', 1),
        ('c.mp4', 0),
        ('c.mp4', 1),
    ]
    diagnosis = diagnose(videos, quick(folder))
    clean = [('a.mp4', 0), ('./b.mp4', 1), ('short.mp4', 1)]
    assert diagnosis.clean_videos() == clean
    assert diagnosis.clean_videos(drop_short=True) == clean[:2]
    assert kinds(diagnosis)['shorter than a clip'] == [
        ('short.mp4', '7 frames')
    ]


def test_costs_trials_and_reports(folder, tmp_path):
    how = quick(folder, sample=2, reencode=1)
    videos = [('a.mp4', 0), ('b.mp4', 0), ('c.mp4', 0), ('gone.mp4', 0)]
    diagnosis = diagnose(videos, how)
    chosen = [r.path for r in choose(diagnosis.reports, 2, seed=0)]
    assert [cost.path for cost in diagnosis.costs] == chosen
    size = os.path.getsize(Path(folder) / 'a.mp4')
    for cost in diagnosis.costs:
        assert (cost.frames, cost.num_bytes) == (30, size)
        assert 0 < cost.cpu_ms < 1000
    (trial,) = diagnosis.trials
    assert trial.path == chosen[0]
    assert trial.after.frames == 30
    as_read = json.loads(json.dumps(diagnosis.as_dict()))
    assert as_read['num_readable'] == 3
    assert as_read['findings'][0]['cases'] == [
        ['gone.mp4', 'the file does not exist']
    ]
    assert as_read['reencoding_gain']['bytes_before'] == 3 * size
    picture = tmp_path / 'p.png'
    write_picture(diagnosis, picture)
    assert picture.read_bytes()[:4] == b'\x89PNG'


def test_a_gain_is_carried_over_frame_by_frame():
    trials = [
        Trial('a', DecodeCost('a', 40, 100, 0), DecodeCost('a', 10, 0, 70), 9),
        Trial('b', DecodeCost('b', 12, 200, 0), DecodeCost('b', 6, 0, 20), 6),
        Trial('c', DecodeCost('c', 30, 100, 0), DecodeCost('c', 10, 0, 10), 3),
    ]
    good = [VideoReport('a', frames=4000, num_bytes=num) for num in (500, 700)]
    gain = estimate_gain(trials, good)
    assert gain.speed == pytest.approx(82 / 26)  # slow ones weigh more
    assert (gain.least_speed, gain.most_speed) == (2, 4)
    assert (gain.bytes_before, gain.bytes_after) == (1200, 2000)
    assert gain.encode_hours == pytest.approx(18 * 20 / 3600)


def test_the_same_seed_chooses_the_same_videos():
    reports = [VideoReport(str(index)) for index in range(20)]
    reports[3].bad = 'corrupt'
    names = [[r.path for r in choose(reports, n, seed=1)] for n in (5, 12, 99)]
    assert names[0] == names[1][:5] == names[2][:5]
    assert sorted(names[2], key=int) == [str(i) for i in range(20) if i != 3]
    assert names[1] != [r.path for r in choose(reports, 12, seed=2)]


def test_span_of_the_longest_clip():
    class Paces(ClipSampler):
        def sample_starts(self, total_frames):
            return np.zeros(2, np.int64)

        def sample_intervals(self):
            return np.array([1, np.random.randint(1, 5)])

    assert frames_of_clip(SAMPLER) == 8
    np.random.seed(0)
    assert frames_of_clip(Paces(clip_len=16, num_clips=2)) == 64


def made_up(reports, costs=(), trials=(), findings=()):
    videos = [(report.path, 0) for report in reports]
    return Diagnosis(
        videos, reports, list(findings), SAMPLER, list(costs), list(trials)
    )


def test_numbers_of_the_text():
    reports = [
        VideoReport(
            f'{n}.mp4',
            num_bytes=50_000 * n,
            container='mp4',
            codec='h264',
            height=240,
            width=320,
            frames=10 * n,
            fps=25.0,
            gop_max=n,
        )
        for n in range(1, 5)
    ]
    costs = [DecodeCost('1.mp4', 10, 10, 1), DecodeCost('4.mp4', 40, 40, 1)]
    trials = [Trial('1.mp4', costs[1], costs[0]._replace(num_bytes=2000), 3)]
    text = text_report(made_up(reports, costs, trials), rate=200)
    rows = {' '.join(line.split()) for line in text.splitlines()}
    assert rows >= {
        '4 lines, 4 videos, 4 of them readable (100 %)',
        'frames 10 25 40',
        'frames between key frames 1 2.5 4',
        'bytes a frame 5000 5000 5000',
        'total 500 kB, 100 frames',
        'codecs h264 in mp4 4',
        # 3 clips of 4 x 2 frames; two videos have fewer than 24
        'clips 50 % have fewer than 24 frames, so that 3 clips of 8 overlap',
        'CPU time a sample mean 25 ms, median 25, most 40 (4.mp4)',
        'one core decodes 40 samples a second; 200 a second keep 5 cores '
        'busy, before augmentation',
        'decoding 4.0x as fast (4.0x to 4.0x)',
        '500 kB become 5 kB',
        '7.5 s of one core, once; cores share it',
    }


def test_cases_are_named_up_to_a_number():
    reports = [VideoReport(f'{n}\udcff', 'missing', 'why') for n in range(4)]
    findings = of_videos(reports)
    text = text_report(made_up(reports, findings=findings), max_cases=3)
    assert '    2\\udcff  (why)\n    ... and 1 more' in text
    assert text.startswith('4 lines, 4 videos, 0 of them readable (0 %)')
    text.encode()  # can be printed


def test_advice():
    good, bad = VideoReport('a', frames=9), VideoReport('b', 'missing', 'why')
    costs = DecodeCost('a', 12, 9, 1), DecodeCost('a', 10, 9, 1)
    no_gain = [Trial('a', *costs, 1)]
    gain = [Trial('a', costs[0], costs[1]._replace(cpu_ms=4), 1)]
    findings = of_videos([good, bad])

    def steps(reports, is_clean=False, **facts):
        diagnosis = made_up(reports, **facts)
        return advice(diagnosis, 'l.txt', 'dir/', 64, is_clean)

    (only,) = steps([bad], findings=findings)
    assert only.startswith('No video can be read. Is dir/ the folder')
    (first, second) = steps([good, bad], trials=no_gain, findings=findings)
    assert '--write-clean LIST' in first
    assert 'would gain little' in second
    (first, second) = steps([good, bad], True, trials=gain, findings=findings)
    assert first == 'Train on l.txt, which names good videos only.'
    command = ' '.join(second.replace('\\\n', '').split())
    assert command == (
        'Re-encode the videos once, to decode them 3.0x as fast: python '
        'tools/data/prepare.py l.txt --videos dir/ --out dir_64 '
        '--short-side 64'
    )


def test_settings_of_the_trial_are_used(folder):
    how = quick(folder, reencode=1, settings=EncodeSettings(short_side=16))
    small = diagnose([('a.mp4', 0)], how).trials[0]
    how = quick(folder, reencode=1, settings=EncodeSettings(crf=0))
    large = diagnose([('a.mp4', 0)], how).trials[0]
    assert small.after.num_bytes < large.after.num_bytes / 2
