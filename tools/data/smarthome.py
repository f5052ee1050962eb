r"""Make the lists of Toyota Smarthome (trimmed) from its file names.

    python tools/data/smarthome.py data/smarthome/videos \
        data/smarthome/annotations

A name says all: ``Cook.Cleandishes_p02_r00_v02_c03.mp4`` is the activity, the
subject (p), two numbers of the recording (r, v) and the camera (c). Written
are ``<protocol>_{train,val,test}.txt`` and ``<protocol>_classes.txt`` of

    cs    cross-subject, 31 classes. Train: subjects 3, 4, 6, 7, 9, 12, 13,
          15, 17, 19, 25; test: the other seven
    cv1   cross-view, 19 classes. Train: camera 1; val: 5; test: 2
    cv2   cross-view, 19 classes. Train: cameras 1, 3, 4, 6, 7; val: 5; test: 2

cs has no validation set of its own. As in the authors' code, cs_val is two
of the training subjects, 19 and 25: choose settings with
cs_train_without_val and cs_val, and train the final network on cs_train.
Camera 5, and so the validation of cv1 and cv2, has none of Cutbread and
Eat.Attable.

Das et al. (ICCV 2019) define the protocols. Classes, their order and the
subjects of cs_val are those of the authors' code,
https://github.com/srijandas07/i3d_smarthome (commit d0ae6a4), whose lists of
cv1 and cv2 these rules reproduce name by name. Its lists of cs also name 14
videos of Pour.Fromcup, which is none of the 31 classes; without them there
are the paper's 16,115 videos, and they are left out here too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from vsslcodebase.datasets.annotation import write_classes
from vsslcodebase.datasets.converter import (
    VIDEO_SUFFIXES,
    LabelledVideo,
    convert,
    converter_parser,
    find_videos,
    require_folder,
    run,
)

NAME = re.compile(
    r'(?P<activity>[A-Za-z]+(\.[A-Za-z]+)?)'
    r'_p(?P<subject>\d+)_r\d+_v\d+_c(?P<camera>\d+)'
)
EXAMPLE = 'Cook.Cleandishes_p02_r00_v02_c03.mp4'
CS_CLASSES = (
    'Cook.Cleandishes',
    'Cook.Cleanup',
    'Cook.Cut',
    'Cook.Stir',
    'Cook.Usestove',
    'Cutbread',
    'Drink.Frombottle',
    'Drink.Fromcan',
    'Drink.Fromcup',
    'Drink.Fromglass',
    'Eat.Attable',
    'Eat.Snack',
    'Enter',
    'Getup',
    'Laydown',
    'Leave',
    'Makecoffee.Pourgrains',
    'Makecoffee.Pourwater',
    'Maketea.Boilwater',
    'Maketea.Insertteabag',
    'Pour.Frombottle',
    'Pour.Fromcan',
    'Pour.Fromkettle',
    'Readbook',
    'Sitdown',
    'Takepills',
    'Uselaptop',
    'Usetablet',
    'Usetelephone',
    'Walk',
    'WatchTV',
)
NOT_CROSS_VIEW = {
    'Cook.Cleandishes',
    'Cook.Cleanup',
    'Cook.Cut',
    'Cook.Stir',
    'Cook.Usestove',
    'Laydown',
    'Makecoffee.Pourgrains',
    'Makecoffee.Pourwater',
    'Maketea.Boilwater',
    'Maketea.Insertteabag',
    'Pour.Fromkettle',
    'WatchTV',
}
CV_CLASSES = tuple(name for name in CS_CLASSES if name not in NOT_CROSS_VIEW)
IN_NO_PROTOCOL = {'Pour.Fromcup'}

TRAIN_SUBJECTS = frozenset({3, 4, 6, 7, 9, 12, 13, 15, 17, 19, 25})
TEST_SUBJECTS = frozenset({2, 10, 11, 14, 16, 18, 20})
VAL_SUBJECTS = frozenset({19, 25})
CAMERAS = frozenset(range(1, 8))


class Recording(NamedTuple):
    """What a file name says."""

    name: str  # without suffix
    activity: str
    subject: int
    camera: int


class Part(NamedTuple):
    """Which recordings are in a list: those of all that is named here."""

    classes: tuple[str, ...]
    subjects: frozenset[int] = TRAIN_SUBJECTS | TEST_SUBJECTS
    cameras: frozenset[int] = CAMERAS


PARTS = {
    'cs_train': Part(CS_CLASSES, subjects=TRAIN_SUBJECTS),
    'cs_train_without_val': Part(
        CS_CLASSES, subjects=TRAIN_SUBJECTS - VAL_SUBJECTS
    ),
    'cs_val': Part(CS_CLASSES, subjects=VAL_SUBJECTS),
    'cs_test': Part(CS_CLASSES, subjects=TEST_SUBJECTS),
    'cv1_train': Part(CV_CLASSES, cameras=frozenset({1})),
    'cv1_val': Part(CV_CLASSES, cameras=frozenset({5})),
    'cv1_test': Part(CV_CLASSES, cameras=frozenset({2})),
    'cv2_train': Part(CV_CLASSES, cameras=frozenset({1, 3, 4, 6, 7})),
    'cv2_val': Part(CV_CLASSES, cameras=frozenset({5})),
    'cv2_test': Part(CV_CLASSES, cameras=frozenset({2})),
}


def read_names(names: Iterable[str]) -> list[Recording]:
    """Read file names, leaving out what is in no protocol.

    Args:
        names: Without suffix.

    Raises:
        ValueError: Some are of another form, or name what is not known; the
            first of them is told.
    """
    recordings, problems = [], []
    for name in sorted(names):
        match = NAME.fullmatch(name)
        if not match:
            problems.append(f'{name!r} is not like {EXAMPLE!r}')
            continue
        recording = Recording(
            name,
            match['activity'],
            int(match['subject']),
            int(match['camera']),
        )
        problems += find_problems(recording)
        if recording.activity not in IN_NO_PROTOCOL:
            recordings.append(recording)
    if problems:
        raise ValueError(
            f'{len(problems)} file names do not say which list they belong '
            f'to; the first: {problems[0]}. Leave only the trimmed videos of '
            'Toyota Smarthome in the folder'
        )
    return recordings


def find_problems(recording: Recording) -> list[str]:
    """Return, if any, a sentence on what the data set does not have."""
    name, activity, subject, camera = recording
    if activity not in {*CS_CLASSES, *IN_NO_PROTOCOL}:
        near = get_close_matches(activity, CS_CLASSES, 1, cutoff=0)
        return [f'{name!r} has no known activity (the nearest is {near[0]!r})']
    for what, number, numbers in (
        ('subject', subject, TRAIN_SUBJECTS | TEST_SUBJECTS),
        ('camera', camera, CAMERAS),
    ):
        if number not in numbers:
            known = ', '.join(map(str, sorted(numbers)))
            return [f'{name!r} is of {what} {number}, none of {known}']
    return []


def warn_of_suffixes(folder: Path) -> None:
    """Print how many files have the names of videos, but not the suffix."""
    others = Counter(
        path.suffix
        for path in folder.rglob('*')
        if path.suffix.lower() not in VIDEO_SUFFIXES
        and NAME.fullmatch(path.stem)
        and path.is_file()
    )
    for suffix, number in sorted(others.items()):
        print(
            f'warning: {number} files end in {suffix!r} and are left out; '
            f'videos end in {", ".join(sorted(VIDEO_SUFFIXES))}'
        )


def choose(recordings: Iterable[Recording], part: Part) -> list[LabelledVideo]:
    """Return the recordings of one list, labelled."""
    labels = {name: label for label, name in enumerate(part.classes)}
    return [
        LabelledVideo(r.name, labels[r.activity])
        for r in recordings
        if r.activity in labels
        and r.subject in part.subjects
        and r.camera in part.cameras
    ]


def report_classes(name: str, videos: list[LabelledVideo], part: Part) -> None:
    """Print which classes of a list have no video."""
    seen = {video.label for video in videos}
    absent = [c for label, c in enumerate(part.classes) if label not in seen]
    if absent:
        print(
            f'warning: {name} has no video of {len(absent)} of '
            f'{len(part.classes)} classes: {", ".join(absent)}'
        )


def main() -> None:
    """Run the converter."""
    parser = converter_parser(__doc__)
    parser.add_argument('videos', type=Path, help='folder of the videos')
    parser.add_argument('out', type=Path, help='folder for the lists')
    args = parser.parse_args()
    require_folder(args.videos, 'videos', f'the folder of {EXAMPLE}')
    warn_of_suffixes(args.videos)
    found = find_videos(args.videos)
    if not found:
        raise ValueError(
            f"no videos in '{args.videos}'; expected the trimmed videos of "
            f'Toyota Smarthome, files like {EXAMPLE}'
        )
    recordings = read_names(found)
    if len(recordings) < len(found):
        left_out = len(found) - len(recordings)
        print(
            f'{left_out} videos of {", ".join(IN_NO_PROTOCOL)} are left out: '
            'it is in no protocol'
        )
    lists = {}
    for name, part in PARTS.items():
        videos = choose(recordings, part)
        if not videos:
            print(f'warning: {name} has no video and is not written')
            continue
        report_classes(name, videos, part)
        lists[args.out / f'{name}.txt'] = videos
    for protocol, classes in (
        ('cs', CS_CLASSES),
        ('cv1', CV_CLASSES),
        ('cv2', CV_CLASSES),
    ):
        write_classes(args.out / f'{protocol}_classes.txt', classes)
    convert(lists, args.videos, args.check, args.workers)


if __name__ == '__main__':
    run(main)
