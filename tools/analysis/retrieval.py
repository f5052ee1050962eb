"""Video retrieval with saved features: ``retrieval.py GALLERY QUERY``.

    python tools/analysis/retrieval.py features/train.npy features/test.npy

prints the R@k that ``VideoRetrievalMetric`` gives for the same features.
"""

from __future__ import annotations

from functools import partial

from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.evaluation import recall_of_sets
from vsslcodebase.evaluation.offline import offline_parser, print_figures
from vsslcodebase.evaluation.retrieval import TOPK


def main() -> None:
    """Print the recalls."""
    parser = offline_parser(__doc__.splitlines()[0])
    parser.add_argument('--topk', type=int, nargs='+', default=list(TOPK))
    args = parser.parse_args()
    print_figures(args, partial(recall_of_sets, topk=args.topk))


if __name__ == '__main__':
    with one_sentence():
        main()
