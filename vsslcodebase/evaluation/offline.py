"""What the tools share that compare two files of saved features."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

from .feature_files import open_features
from .features import VideoFeatures
from .labelled_sets import check_settings

Compare = Callable[[VideoFeatures, VideoFeatures], dict[str, float]]


def offline_parser(description: str) -> argparse.ArgumentParser:
    """Return a command line parser with the options of ``print_figures``."""
    parser = argparse.ArgumentParser(
        description=description,
        epilog='features come from tools/extract_features.py',
    )
    parser.add_argument('gallery', help='of the training split')
    parser.add_argument('query', help='of the test split')
    parser.add_argument('--json', action='store_true', help='one JSON line')
    return parser


def print_figures(args: argparse.Namespace, compare: Compare) -> None:
    """Print the figures of two sets, shares in [0, 1], as per cent.

    Args:
        args: As ``offline_parser`` reads them.
        compare: Makes figures by name of gallery and queries.

    Raises:
        FileNotFoundError: There are no such features.
        ValueError: They were made differently, or cannot be compared.
    """
    gallery, query = open_features(args.gallery), open_features(args.query)
    check_settings(gallery.settings, query.settings)
    figures = compare(gallery.videos, query.videos)
    if args.json:
        print(json.dumps(figures))
        return
    made = query.settings
    print(
        f'{len(query.videos.labels)} queries, {len(gallery.videos.labels)} '
        f'videos in the gallery; {made["backbone"]}, layer {made["layer"]}, '
        f'pool {made["pool"]}, per {made["level"]}'
    )
    width = max(5, *map(len, figures))
    for name, value in figures.items():
        print(f'{name:>{width}} {value:7.2%}')
