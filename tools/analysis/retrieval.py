"""Video retrieval with saved features: ``retrieval.py GALLERY QUERY``.

    python tools/analysis/retrieval.py features/train.npy features/test.npy

prints the R@k that ``VideoRetrievalMetric`` gives for the same features.
"""

from __future__ import annotations

import argparse
import json

from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.evaluation.feature_files import open_features
from vsslcodebase.evaluation.labelled_sets import check_settings
from vsslcodebase.evaluation.retrieval import TOPK
from vsslcodebase.evaluation.retrieval_sets import recall_of_sets


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog='features come from tools/extract_features.py',
    )
    parser.add_argument('gallery', help='of the training split')
    parser.add_argument('query', help='of the test split')
    parser.add_argument('--topk', type=int, nargs='+', default=list(TOPK))
    parser.add_argument('--json', action='store_true', help='one JSON line')
    return parser.parse_args()


def main() -> None:
    """Print the recalls."""
    args = parse_args()
    gallery, query = open_features(args.gallery), open_features(args.query)
    check_settings(gallery.settings, query.settings)
    recall = recall_of_sets(gallery.videos, query.videos, args.topk)
    if args.json:
        print(json.dumps(recall))
        return
    made = query.settings
    print(
        f'{len(query.videos.labels)} queries, {len(gallery.videos.labels)} '
        f'videos in the gallery; {made["backbone"]}, layer {made["layer"]}, '
        f'pool {made["pool"]}, per {made["level"]}'
    )
    for name, value in recall.items():
        print(f'{name:>5} {value:7.2%}')


if __name__ == '__main__':
    with one_sentence():
        main()
