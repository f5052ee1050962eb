"""Weighted kNN with saved features: ``knn.py GALLERY QUERY``.

    python tools/analysis/knn.py features/train.npy features/test.npy --k 20

prints the accuracies that ``KNNMetric`` gives for the same features.
"""

from __future__ import annotations

from functools import partial

from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.evaluation import knn_of_sets
from vsslcodebase.evaluation.knn import NUM_NEIGHBOURS, TEMPERATURE
from vsslcodebase.evaluation.offline import offline_parser, print_figures


def main() -> None:
    """Print the accuracies."""
    parser = offline_parser(__doc__.splitlines()[0])
    add = parser.add_argument
    add('--k', type=int, nargs='+', default=list(NUM_NEIGHBOURS))
    add(
        '--temperature',
        type=float,
        default=TEMPERATURE,
        help='T of the weights exp(cos / T), default %(default)s',
    )
    args = parser.parse_args()
    options = dict(k=args.k, temperature=args.temperature)
    print_figures(args, partial(knn_of_sets, **options))


if __name__ == '__main__':
    with one_sentence():
        main()
