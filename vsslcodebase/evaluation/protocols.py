"""Protocols of frozen features under their usual names, and how they differ.

A preset is what somebody's *code* does, as far as frozen features depend on
it; what a paper says and its code does otherwise is in ``notes``. Sources:

- **VCOP** (Xu et al., CVPR 2019), xudejing/video-clip-order-prediction:
  ``retrieve_clips.py`` (``extract_feature``: resize to 128x171, centre crop
  of 112, bs 8 with drop_last for both splits; ``topk_retrieval``: mean of
  the ten clips, then cosine distance, k of 1, 5, 10, 20, 50, hit if the class
  is among the k), ``datasets/ucf101.py`` (``UCF101ClipRetrievalDataset``: 16
  neighbouring frames, ten starts ``int(linspace(8, L - 8, 10) - 8)``, split
  1), ``models/c3d.py``, ``r3d.py``, ``r21d.py`` (``return_conv``: max pool
  (1, 2, 2) of the last map, 9,216 numbers).
- **CoCLR** (Han et al., NeurIPS 2020), TengdaHan/CoCLR:
  ``eval/main_classifier.py`` (``test_retrieval``: centre crop of 224 scaled
  to 128, colour jitter of probability 0.3 in the test, too; mean over the
  windows of a video; the mean of *each split* subtracted, then L2, dot
  product, k of 1, 5, 10, 20, 50), ``dataset/lmdb_dataset.py``
  (``frame_sampler``: windows of 32 frames, half overlapping; videos under
  half a window are dropped), ``model/classifier.py`` (global average of the
  last map), ``eval/feature_linear_probe.py`` and the README's command
  (BatchNorm, one linear layer, SGD of rate 1.0, decay 1e-3, momentum 0.9,
  batches of 1,024, 100 epochs, a tenth at 60 and 80; the reported epoch is
  the best *on the test split*).
- **Pace Prediction** (Wang et al., ECCV 2020), Section 4.4, Tables 4 and 5:
  ten clips of 16 frames, p5 and p4, cosine, k of 1, 5, 10, 20, 50, "the same
  evaluation protocol" as VCOP. Its published code has no evaluation.

``strict`` is ours. A preset places clips and reads layers; how long a clip
is, its stride and its size are the config's, as a network is read as it was
trained: ``warnings_of`` tells where that departs from the paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vsslcodebase.datasets.transforms.placed_sampling import WINDOWS

from .feature_cache import Reading
from .probe_grid import Combination, Recipe
from .retrieval import TOPK
from .score_spread import markdown_table

TASKS = ('retrieval', 'knn', 'linear')


class Geometry(NamedTuple):
    """Frames of a clip, the stride between them, pixels of a side.

    None where unknown.
    """

    frames: int | None
    stride: float | None
    size: int | None

    def __str__(self) -> str:
        """Say it as in '16 frames, stride 1, 112 px'."""
        return (
            f'{self.frames or "?"} frames, stride {self.stride or "?"}, '
            f'{self.size or "?"} px'
        )


class Protocol(NamedTuple):
    """How a number of frozen features comes about.

    Attributes:
        name: Of its row.
        reading: Layer, pooling and clips; the clips of a video are averaged
            as they are, before any centring or normalisation.
        centred: Subtract from each split its own mean, before the cosine.
        tasks: Those of ``TASKS`` that belong to it.
        geometry: Of the published numbers; None for the config's.
        probe: Rate and decay of its linear layer; None: chosen on a part of
            the training split.
        recipe: How that layer is trained.
        seeds: The linear layer is trained once for each.
        dropped: Videos of a split that the code may lose; we drop none.
        notes: What else it does, that we do not.
    """

    name: str
    reading: Reading
    centred: bool = False
    tasks: tuple[str, ...] = ('retrieval',)
    geometry: Geometry | None = None
    probe: Combination | None = None
    recipe: Recipe = Recipe()
    seeds: tuple[int, ...] = (0, 1, 2)
    dropped: str = 'none'
    notes: str = '-'


_PACE = Protocol(
    'pace-p5',
    Reading('p5', None, 10),
    geometry=Geometry(16, 1, 112),
    dropped='not said',
    notes='text: clip looks for clips',
)
PRESETS: dict[str, tuple[Protocol, ...]] = {
    'vcop': (
        _PACE._replace(
            name='vcop',
            dropped='up to 7 (drop_last)',
            notes='starts rounded down',
        ),
    ),
    'coclr': (
        Protocol(
            'coclr',
            Reading(None, 'gap', WINDOWS),
            centred=True,
            tasks=('retrieval', 'linear'),
            geometry=Geometry(32, 1, 128),
            probe=Combination(1.0, 1e-3),
            recipe=Recipe(100, 1024, milestones=(60, 80)),
            dropped='under half a clip',
            notes='jittered tests, best epoch on tests',
        ),
    ),
    'pace-p4': (_PACE._replace(name='pace-p4', reading=Reading('p4')),),
    'pace-p5': (_PACE,),
    'strict': tuple(
        Protocol(
            f'strict, {clips} clip{"s" * (clips > 1)}',
            Reading(None, 'gap', clips),
            tasks=TASKS,
        )
        for clips in (1, 10)
    ),
}


def protocols_of(names: Sequence[str]) -> list[Protocol]:
    """Return the protocols of some presets, in their order.

    Raises:
        ValueError: There is no such preset.
    """
    unknown = [name for name in names if name not in PRESETS]
    if unknown or not names:
        raise ValueError(
            f'there is no protocol {", ".join(unknown) or "named"}; there '
            f'are {", ".join(PRESETS)}'
        )
    unique = dict.fromkeys(names)
    return [protocol for name in unique for protocol in PRESETS[name]]


def differences_table(protocols: Sequence[Protocol]) -> str:
    """Write in Markdown how they differ, and what they have in common."""
    columns = [_describe(protocol) for protocol in protocols]
    rows = [['', *(protocol.name for protocol in protocols)]]
    alike = []
    for head in columns[0]:
        cells = [column[head] for column in columns]
        if len({*cells}) > 1:
            rows.append([head, *cells])
        else:
            alike.append(f'{head}: {cells[0]}')
    return f'{markdown_table(rows)}\n\nAlike: {"; ".join(alike)}.'


def _describe(protocol: Protocol) -> dict[str, str]:
    """Return the cells of a protocol's column."""
    reading, probe = protocol.reading, protocol.probe
    recipe, geometry = protocol.recipe, protocol.geometry
    places = {1: 'the middle one', WINDOWS: 'windows, half overlapping'}
    layers = {'p5': 'last map', 'p4': 'pool4, or conv4', None: 'last map'}
    pooling = 'global average' if reading.pool == 'gap' else 'max (1, 2, 2)'
    if reading.layer == 'p4':
        pooling += ', none after pool4'
    held_out = 'held-out training videos'
    epochs, rates = 'no linear layer', '-'
    if 'linear' in protocol.tasks:
        epochs = f'{recipe.epochs} epochs, batches of {recipe.batch_size}'
        rates = held_out
        if probe:
            rates = f'{probe.lr:g}, {probe.weight_decay:g}'
    return {
        'published with': str(geometry or 'any clips'),
        'clips of a video': places.get(
            reading.placement, f'{reading.placement}, spread'
        ),
        'clips averaged': 'before L2 norm',
        'layer': layers.get(reading.layer, str(reading.layer)),
        'pooling': pooling,
        'mean subtracted': "each split's" if protocol.centred else 'no',
        'similarity': 'cosine',
        'k of R@k': ', '.join(map(str, TOPK)),
        'k of kNN by': held_out if 'knn' in protocol.tasks else 'no kNN',
        'linear layer': epochs,
        'its rate, decay by': rates,
        'videos lost (none here)': protocol.dropped,
        'not followed here': protocol.notes,
    }
