"""What a pass over videos says of itself."""

import pytest

from vsslcodebase.evaluation import video_progress


def test_progress_says_the_time_left(capsys, monkeypatch):
    now = iter([0.0, 0.0, 20.0, 25.0, 31.0, 90_000.0])
    monkeypatch.setattr(video_progress.time, 'monotonic', lambda: next(now))
    progress = video_progress.VideoProgress()
    for done in (40, 60, 65, 70, 100):
        progress(done, 20_070)
    said = capsys.readouterr().out.splitlines()
    assert said == [
        '40 of 20070 videos are there',
        '60 of 20070 videos, 05:33:30 left',  # 1 s each, 20010 to go
        '70 of 20070 videos, 05:44:26 left',
        '100 of 20070 videos, 346 d 16:50:00 left',
    ]


def test_who_interrupts_is_told_that_nothing_is_lost(capsys):
    with pytest.raises(SystemExit) as stop, video_progress.going_on_later():
        raise KeyboardInterrupt
    assert stop.value.code == 130
    assert 'the same command goes on from there' in capsys.readouterr().err
