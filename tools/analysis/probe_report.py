"""What do checkpoints know of motion-mini? ``probe_report.py CKPT ...``.

    python tools/analysis/probe_report.py untrained work_dirs/*/epoch_8.pth \
        --out probe_report

Motion, arrow of time, pace, appearance, scene and the time of a clip: linear
probes on frozen, globally pooled features, each with shuffled, frozen and
reversed frames as controls. Prints a table a checkpoint; ``--out`` writes
report.json, picture.png and report.html. docs/probe_report.md explains them.

A checkpoint says itself which network it is of: a published file, or one of
a training. For any other, or for another network than it says, name a config
first; its test loader then gives length and number of clips.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

from mmengine.logging import MMLogger

from vsslcodebase.demo.display import Display
from vsslcodebase.engine.arguments import add_device
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.overrides import OverrideAction
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.engine.probed_network import (
    UNTRAINED,
    ProbedNetwork,
    clip_settings,
    network_of_checkpoint,
    network_of_config,
    pooled_reader,
    short_names,
    untrained_network,
    weights_digest,
)
from vsslcodebase.evaluation.probe_answers import Answer
from vsslcodebase.evaluation.probe_features import (
    ProbeSettings,
    count_clips,
    plan_showings,
    read_features,
)
from vsslcodebase.evaluation.probe_questions import Asker
from vsslcodebase.evaluation.probe_videos import (
    MiniVideos,
    check_mini,
    read_videos,
)
from vsslcodebase.evaluation.video_progress import interruptible
from vsslcodebase.visualization.probe_table import (
    NOTES,
    network_block,
    summary,
)

ASK_CLIPS = 8000  # as many clips are read in the time that fitting takes


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add(
        'checkpoints',
        metavar='[CONFIG] CKPT',
        nargs='+',
        help="files of weights; 'untrained' draws them from --seed. A .py "
        'file in front is the config of the network',
    )
    add('--names', nargs='+', metavar='NAME', help='of them, for tables')
    add('--data-dir', default='data/motion_mini_demo', help='motion-mini')
    add('--num-train', type=int, default=256, help='labelled videos')
    add('--num-gallery', type=int, default=2048, help='of the kNN, at least')
    add('--num-neighbours', type=int, default=20)
    add('--frames', type=int, help='of a clip (8)')
    add('--interval', type=int, help='from one frame to the next (2)')
    add('--size', type=int, help='of a frame, in pixels (32)')
    add('--batch-size', type=int, default=128, help='clips at a time')
    add('--seed', type=int, default=0, help='of untrained weights, shuffling')
    add('--out', metavar='DIR', help='folder for all, or a .json file')
    add_device(parser)
    add('--cfg-options', nargs='+', action=OverrideAction, default={})
    args = parser.parse_args()
    args.config = None
    if args.checkpoints[0].endswith('.py'):
        args.config = args.checkpoints.pop(0)
    _check(args)
    return args


def _check(args: argparse.Namespace) -> None:
    """Refuse what cannot be, before anything is read."""
    if not args.checkpoints:
        raise UsageError(
            f"name checkpoints after {args.config}, or 'untrained'"
        )
    if args.cfg_options and not args.config:
        raise UsageError('--cfg-options change a config; name one in front')
    names = args.names or short_names(args.checkpoints)
    if len(set(names)) != len(args.checkpoints):
        raise UsageError(
            f'--names gives {len(set(names))} different names to '
            f'{len(args.checkpoints)} checkpoints'
        )
    args.names = names
    least = dict(num_train=16, num_neighbours=1, frames=2, interval=1, size=8)
    for name, bound in least.items():
        value = getattr(args, name)
        if value is not None and value < bound:
            flag = name.replace('_', '-')
            raise UsageError(f'--{flag} must be {bound} or more, got {value}')
    check_mini(Path(args.data_dir))
    if args.out:
        out = Path(args.out)
        folder = out.parent if out.suffix == '.json' else out
        folder.mkdir(parents=True, exist_ok=True)


def main() -> None:
    """Decode once, ask each network, write what came out."""
    args = parse_args()
    if not MMLogger.check_instance_created('probe'):
        MMLogger.get_instance('probe', log_level='ERROR')  # no tensor's init
    networks, settings, size = load_networks(args)
    display = Display(1 + len(networks), sys.stderr)
    videos = decode(args, settings, size, display)
    plan = plan_showings(videos, settings)
    clips = count_clips(plan) + ASK_CLIPS
    start, answers = monotonic(), {}
    for place, (name, network) in enumerate(networks.items()):
        progress = _progress(
            display,
            (2 + place, f'ask {name}'),
            start,
            len(networks) * clips,
            place * clips,
        )
        reader = pooled_reader(network, args.device, size)
        features = read_features(
            reader, videos, plan, args.batch_size, progress
        )
        answers[name] = Asker(features, videos, settings).ask_all()
        display.say()  # an open line of progress is finished
        print(network_block(name, answers[name]), '\n', flush=True)
    print(NOTES)
    if len(answers) > 1:
        print(f'\n{summary(answers)}')
    if args.out:
        write(args, networks, answers, settings, size)


def load_networks(
    args: argparse.Namespace,
) -> tuple[dict[str, ProbedNetwork], ProbeSettings, int]:
    """Build all networks, so that a bad file is known at once.

    Returns:
        Them by name, how they are to be asked, and the size of the frames.
    """
    found: dict[str, ProbedNetwork] = {}
    chosen: dict[str, Any] = {}
    for name, path in zip(args.names, args.checkpoints):
        if args.config:
            found[name], cfg = network_of_config(
                args.config, path, args.cfg_options, args.seed
            )
            chosen = clip_settings(cfg)
        elif path != UNTRAINED:
            found[name] = network_of_checkpoint(path)
    if not args.config and UNTRAINED in args.checkpoints:
        name = args.names[args.checkpoints.index(UNTRAINED)]
        like = next(iter(found.values()), None)
        drawn = untrained_network(like, args.seed)
        found = {n: drawn if n == name else found[n] for n in args.names}
    size = args.size or chosen.pop('size', None) or 32
    chosen.pop('size', None)
    asked = dict(clip_len=args.frames, frame_interval=args.interval)
    chosen.update({key: value for key, value in asked.items() if value})
    settings = ProbeSettings(
        num_train=args.num_train,
        num_gallery=args.num_gallery,
        num_neighbours=args.num_neighbours,
        seed=args.seed,
        **chosen,
    )
    return found, settings, size


def decode(
    args: argparse.Namespace,
    settings: ProbeSettings,
    size: int,
    display: Display,
) -> dict[str, MiniVideos]:
    """Decode both splits into memory, once for all networks."""
    counts = {
        'train': max(settings.num_train, settings.num_gallery),
        'test': None,
    }
    videos = {}
    for split, count in counts.items():
        progress = _progress(display, (1, f'decode {split}'), monotonic())
        videos[split] = read_videos(
            Path(args.data_dir), split, count, size, progress
        )
    frames = [part.frames for part in videos.values()]
    display.say(
        f'{sum(map(len, frames)):,} videos of {frames[0].shape[1]} frames of '
        f'{frames[0].shape[2]} px, '
        f'{sum(part.numel() for part in frames) / 1e6:.0f} MB in memory'
    )
    return videos


def _progress(
    display: Display,
    stage: tuple[int, str],
    start: float,
    total: int = 0,
    before: int = 0,
) -> Callable[..., None]:
    """Return what is told how much is done, and shows the time left.

    Args:
        display: The terminal.
        stage: Its number and title.
        start: Of all work, by ``monotonic``.
        total: Of all work; told with each call if 0.
        before: What was done before this stage.
    """

    def show(done: int, of: int = total) -> None:
        done += before
        left_sec = (monotonic() - start) * (of - done) / done
        display.progress(*stage, done / of, '', left_sec)

    return show


def write(
    args: argparse.Namespace,
    networks: dict[str, ProbedNetwork],
    answers: dict[str, dict[str, Answer]],
    settings: ProbeSettings,
    size: int,
) -> None:
    """Write report.json, and unless that is all: picture and page."""
    report = dict(
        command=shlex.join(['python', *sys.argv]),
        date=datetime.now().strftime('%Y-%m-%d %H:%M'),
        settings=dict(
            vars(settings),
            size=size,
            data_dir=args.data_dir,
            config=args.config,
        ),
        networks={
            name: dict(
                file=path,
                source=networks[name].source,
                weights_sha256=weights_digest(networks[name]),
                backbone=networks[name].config,
                questions={
                    question: answer.to_dict()
                    for question, answer in answers[name].items()
                },
            )
            for name, path in zip(args.names, args.checkpoints)
        },
    )
    text = json.dumps(report, indent=1) + '\n'
    out = Path(args.out)
    if out.suffix == '.json':
        out.write_text(text)
        return
    (out / 'report.json').write_text(text)
    # matplotlib takes a second to load
    from vsslcodebase.visualization.probe_page import probe_page
    from vsslcodebase.visualization.probe_picture import probe_picture

    picture = probe_picture(answers)
    (out / 'picture.png').write_bytes(picture)
    page = probe_page(answers, report, picture)
    (out / 'report.html').write_text(page, encoding='utf-8')
    print(f'\nwritten: {out}/report.html, picture.png, report.json')


if __name__ == '__main__':
    with one_sentence(), interruptible('nothing was written'):
        main()
