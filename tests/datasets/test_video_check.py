"""Opening many videos in parallel."""

from __future__ import annotations

import faulthandler
import os
import signal

from vsslcodebase.datasets import video_check


def test_unreadable_videos_are_named_with_reasons(video_folder, capsys):
    paths = ['video 0.mp4', 'gone.mp4', 'list.txt', 'video 1.mp4']
    reasons = video_check.find_unreadable(paths, video_folder, workers=2)
    assert list(reasons) == ['gone.mp4', 'list.txt']
    assert reasons['gone.mp4'] == 'the file does not exist'
    assert '4/4' in capsys.readouterr().out


def die_of_one(path):
    """Stand in for a video that crashes the decoder."""
    if path.endswith('a.mp4'):
        faulthandler.disable()  # pytest's would print pages
        os.kill(os.getpid(), signal.SIGSEGV)
    return ''


def test_a_video_that_crashes_the_decoder_is_unreadable(monkeypatch, tmp_path):
    monkeypatch.setattr(video_check, 'why_unreadable', die_of_one)
    reasons = video_check.find_unreadable(
        ['b.mp4', 'a.mp4', 'c.mp4'], tmp_path, workers=1
    )
    assert reasons == {'a.mp4': 'the process that read it died of SIGSEGV'}
