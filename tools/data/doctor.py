"""Check a data set: what is missing, corrupt, short or odd, and slow.

    python tools/data/doctor.py data/k400/train.txt --videos data/k400/train

Opens every video of the list (reads all of its packets, decodes its first and
last frame), measures what decoding costs, re-encodes a few videos on trial,
and says what to do. Exit code: 0 if the data set is sound, 1 if it has bad
videos or labels, 2 if the command is wrong. See docs/doctor.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from mmengine.registry import init_default_scope

from vsslcodebase.datasets.annotation import (
    read_classes,
    read_list,
    write_list,
    write_whole,
)
from vsslcodebase.datasets.doctor.diagnosis import Diagnosis, diagnose
from vsslcodebase.datasets.doctor.examination import Examination
from vsslcodebase.datasets.doctor.text_report import advice, text_report
from vsslcodebase.datasets.preparation.reencoding import EncodeSettings
from vsslcodebase.datasets.transforms.clip_sampling import (
    ClipSampler,
    SampleSeparatedClips,
)
from vsslcodebase.engine.arguments import natural
from vsslcodebase.engine.launch import load_config
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.registry import TRANSFORMS

# Those of most configs
CLIPS = dict(clip_len=16, frame_interval=2, num_clips=4)
PICTURE_SUFFIXES = ('.png', '.pdf', '.svg')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('list', help='list of videos, "path label" a line')
    add('--videos', required=True, help='folder that its paths start from')
    add(
        '--other-lists',
        nargs='+',
        default=[],
        metavar='LIST',
        help='of videos in the same folder, as that of the validation: what '
        'they name is not reported as missing in the list, but overlaps are',
    )
    add_options_of_clips(
        parser.add_argument_group('clips of a training sample')
    )
    add_options_of_work(parser.add_argument_group('what to do'))
    add_options_of_output(parser.add_argument_group('what to write'))
    return parser.parse_args()


def add_options_of_clips(group: argparse._ArgumentGroup) -> None:
    """Add what says how clips are sampled."""
    add = group.add_argument
    add('--config', help='a training config; or some of these three:')
    for name, value in CLIPS.items():
        add(
            f'--{name.replace("_", "-")}',
            type=natural,
            metavar='N',
            help=f'default: {value}',
        )


def add_options_of_work(group: argparse._ArgumentGroup) -> None:
    """Add what says how much is examined, and how."""
    add = group.add_argument
    add('--full', action='store_true', help='decode every frame')
    add(
        '--duplicates',
        action='store_true',
        help='find equal files (reads 64 kB of files of equal size)',
    )
    add(
        '--sample',
        type=count,
        default=64,
        metavar='N',
        help='measure the decoding of N videos (default: %(default)s)',
    )
    add(
        '--reencode',
        type=count,
        default=5,
        metavar='N',
        help='re-encode N of them on trial (default: %(default)s)',
    )
    add(
        '--short-side',
        type=natural,
        default=EncodeSettings.short_side,
        metavar='PIXELS',
        help='of the re-encoded videos (default: %(default)s)',
    )
    add('--seed', type=int, default=0, help='of the sample')
    add(
        '--workers',
        type=natural,
        default=os.cpu_count(),
        metavar='N',
        help='processes (default: %(default)s, the cores)',
    )
    add(
        '--limit-sec',
        type=natural,
        metavar='S',
        help='give a video up after S seconds (default: 120; 1200 with '
        '--full)',
    )


def add_options_of_output(group: argparse._ArgumentGroup) -> None:
    """Add what says where the results go."""
    add = group.add_argument
    add(
        '--max-cases',
        type=count,
        default=5,
        metavar='N',
        help='paths to print of each kind (default: %(default)s)',
    )
    add(
        '--rate',
        type=natural,
        default=100,
        metavar='N',
        help='samples a second that training is to get (default: %(default)s)',
    )
    add('--out', metavar='JSON', help='everything, for programs')
    add('--picture', metavar='PNG', help='histograms')
    add('--write-clean', metavar='LIST', help='the list of good videos')
    add(
        '--drop-short',
        action='store_true',
        help='leave videos shorter than a clip out of it, too',
    )


def count(text: str) -> int:
    """Read a number from 0 up."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f'expected 0 or more, got {text!r}')
    return int(text)


def main() -> int:
    """Examine, report, write; return the exit code."""
    args = parse_args()
    check(args)
    try:
        videos = read_list(args.list, folder=args.videos)
        others = {
            name: read_list(name, folder=args.videos)
            for name in args.other_lists
        }
        settings = EncodeSettings(short_side=args.short_side)
    except ValueError as error:
        raise UsageError(str(error)) from None
    how = Examination(
        args.videos,
        build_sampler(args),
        args.full,
        args.duplicates,
        args.sample,
        args.reencode,
        settings,
        args.seed,
        args.workers,
        args.limit_sec or (1200 if args.full else 120),
    )
    diagnosis = diagnose(videos, how, class_names(args.list), others)
    print(text_report(diagnosis, args.max_cases, args.rate))
    write(diagnosis, args)
    steps = advice(
        diagnosis,
        args.write_clean or args.list,
        args.videos,
        args.short_side,
        bool(args.write_clean),
    )
    if steps:
        print('\nWhat to do')
    for number, step in enumerate(steps, 1):
        print(f'  {number}. {step}')
    return 0 if diagnosis.is_sound else 1


def check(args: argparse.Namespace) -> None:
    """Refuse what could only fail after all the work.

    Raises:
        UsageError: Naming the option.
    """
    if not os.path.isdir(args.videos):
        raise UsageError(
            f"--videos: there is no folder '{args.videos}'; name the folder "
            'that the paths of the list start from'
        )
    if args.picture and not args.picture.endswith(PICTURE_SUFFIXES):
        raise UsageError(
            f"--picture: expected a name that ends in '.png', got "
            f"'{args.picture}'"
        )
    for name in (args.out, args.picture, args.write_clean):
        if name and os.path.isdir(name):
            raise UsageError(f"'{name}' is a folder; name a file to write")
        if name and os.path.exists(name) and os.path.samefile(name, args.list):
            raise UsageError(
                f"'{name}' is the list to be read; name another file to write"
            )


def class_names(list_file: str) -> list[str]:
    """Read classes.txt beside the list; no names without one."""
    path = Path(list_file).with_name('classes.txt')
    return read_classes(path) if path.is_file() else []


def build_sampler(args: argparse.Namespace) -> ClipSampler:
    """Build the sampler of the config, or one of the given geometry.

    Raises:
        UsageError: The config has none, or one of another package.
    """
    given = {name: getattr(args, name) for name in CLIPS}
    given = {name: value for name, value in given.items() if value}
    if not args.config:
        return SampleSeparatedClips(**CLIPS | given)
    if given:
        raise UsageError(
            f'--config says what clips are; leave out {", ".join(given)}'
        )
    import vsslcodebase.models  # noqa: F401, a sampler may live in a head

    cfg = load_config(args.config)
    init_default_scope('vsslcodebase')
    try:
        sampler = TRANSFORMS.build(cfg.train_dataloader.dataset.pipeline[1])
    except (AttributeError, KeyError, IndexError, TypeError):
        sampler = None
    if not isinstance(sampler, ClipSampler):
        raise UsageError(
            f'{args.config} has no clip sampler of this package at '
            'train_dataloader.dataset.pipeline.1; give --clip-len, '
            '--frame-interval and --num-clips instead'
        )
    return sampler


def write(diagnosis: Diagnosis, args: argparse.Namespace) -> None:
    """Write the files that were asked for."""
    if args.out or args.picture or args.write_clean:
        print()
    if args.out:
        text = json.dumps(diagnosis.as_dict(), indent=1)
        write_whole(Path(args.out), text + '\n')
        print(f'Everything is in {args.out}')
    if args.picture and diagnosis.good:
        # Imported on use: it takes a second.
        from vsslcodebase.datasets.doctor.picture_report import write_picture

        Path(args.picture).parent.mkdir(parents=True, exist_ok=True)
        write_picture(diagnosis, args.picture)
        print(f'The picture is {args.picture}')
    if args.write_clean:
        clean = diagnosis.clean_videos(args.drop_short)
        write_list(args.write_clean, clean)
        print(f'{args.write_clean} lists {len(clean)} videos')


if __name__ == '__main__':
    try:
        with one_sentence():
            sys.exit(main())
    except KeyboardInterrupt:
        print('\ninterrupted, nothing was written', file=sys.stderr)
        sys.exit(130)
