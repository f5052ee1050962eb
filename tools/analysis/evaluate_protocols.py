"""One protocol, many names: ``evaluate_protocols.py CONFIG CKPT ...``.

    python tools/analysis/evaluate_protocols.py \
        configs/mini/retrieval_smallr3d_motion-mini.py untrained pace.pth \
        --protocols vcop coclr pace-p4 pace-p5 strict --p4 stages.2

Frozen features of one pass over the videos, measured as VCOP, CoCLR, Pace
Prediction and we do: R@k, kNN and a linear layer, a row for each network and
protocol, and below it in what the protocols differ. A second run, or one with
other tasks, reads no video: features stay under ``--cache``.

Clips are as long, as dense and as large as the config's test has them; its
gallery, or its training list, is the training split. ``--splits 1 2 3``
replaces the number after 'split' in the names of both lists and gives the
mean and spread.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import set_random_seed

from vsslcodebase.checkpoints.pipeline_geometry import geometry_of_pipeline
from vsslcodebase.engine.arguments import add_device, natural
from vsslcodebase.engine.feature_model import (
    feature_config,
    feature_model,
    split_loader,
)
from vsslcodebase.engine.lost_workers import kill_workers
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.overrides import OverrideAction
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.engine.probed_network import short_names
from vsslcodebase.evaluation.feature_cache import FeatureCache, Reading
from vsslcodebase.evaluation.features import VideoFeatures
from vsslcodebase.evaluation.protocol_scores import (
    COLUMNS,
    ProtocolScores,
    score_protocol,
    scores_table,
    shared_groups,
    warnings_of,
)
from vsslcodebase.evaluation.protocols import (
    PRESETS,
    TASKS,
    Geometry,
    Protocol,
    differences_table,
    protocols_of,
)
from vsslcodebase.evaluation.video_progress import (
    going_on_later,
    read_and_tell,
)

FOOTNOTE = (
    'In per cent. '
    '`*`: not a number of that protocol; measured on its features as `strict` '
    'does. ±: standard deviation over seeds and splits.'
)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('config', help='its test pipeline reads both splits')
    add(
        'checkpoints',
        nargs='+',
        help="files of weights; 'untrained' draws them from --seed",
    )
    add(
        '--protocols',
        nargs='+',
        choices=PRESETS,
        default=list(PRESETS),
        metavar='NAME',
        help=f'of {", ".join(PRESETS)}; default all',
    )
    add('--tasks', nargs='+', choices=TASKS, default=list(TASKS))
    add('--splits', nargs='+', type=natural, help='as 1 2 3 of UCF101')
    add('--p4', help="the module that stands for 'p4' where there is none")
    add('--seed', type=int, default=0, help='of untrained weights')
    add('--cache', default='feature_cache', help='folder of features')
    add('--out', help='report to write, .json or .md')
    add_device(parser)
    add('--cfg-options', nargs='+', action=OverrideAction, default={})
    args = parser.parse_args()
    if args.out and Path(args.out).suffix not in ('.json', '.md'):
        parser.error(f'--out is a .json or an .md, got {args.out}')
    if args.out:
        Path(args.out).parent.mkdir(parents=True, exist_ok=True)
    return args


def main() -> None:
    """Measure all networks, print the tables, write the report."""
    args = parse_args()
    protocols = [_place_p4(p, args.p4) for p in protocols_of(args.protocols)]
    networks, rows = {}, []
    shared: set[str] = set()
    for name, short in zip(args.checkpoints, short_names(args.checkpoints)):
        cfg = _config(name, args)
        set_random_seed(args.seed)
        model = feature_model(cfg, args.device)
        networks[name] = runs = {}
        for split in args.splits or [None]:
            videos = _features(model, cfg, split, protocols, args)
            shared |= {*shared_groups(*videos[protocols[0].reading])}
            runs[str(split or 'as listed')] = [
                score_protocol(
                    protocol,
                    *videos[protocol.reading],
                    args.tasks,
                    device=args.device,
                )
                for protocol in protocols
            ]
        rows += [
            (short, protocol, _join([run[place] for run in runs.values()]))
            for place, protocol in enumerate(protocols)
        ]
    every_run = [run for runs in networks.values() for run in runs.values()]
    warnings = warnings_of(
        protocols, every_run, _geometry(cfg), sorted(shared)
    )
    columns = [c for c in COLUMNS if any(c in row[2] for row in rows)]
    paragraphs = [
        scores_table(rows, columns),
        FOOTNOTE,
        *(f'warning: {warning}' for warning in warnings),
    ]
    if len(protocols) > 1:
        paragraphs.append(differences_table(protocols))
    text = '\n\n'.join(paragraphs)
    print(text, flush=True)
    if args.out:
        _write(Path(args.out), text, args, protocols, networks, warnings)


def _config(name: str, args: argparse.Namespace) -> Config:
    """Return the config of a network."""
    options = dict(args.cfg_options)
    if name == 'untrained':
        options['model.backbone.init_cfg'] = None
    checkpoint = None if name == 'untrained' else name
    return feature_config(args.config, checkpoint, options)


def _features(
    model: Any,
    cfg: Config,
    split: int | None,
    protocols: list[Protocol],
    args: argparse.Namespace,
) -> dict[Reading, tuple[VideoFeatures, VideoFeatures]]:
    """Return training and test features, read now or earlier."""
    readings = [protocol.reading for protocol in protocols]
    videos = {}
    for part in ('train', 'test'):
        loader = _loader(cfg, part, split)
        cache = FeatureCache(model, loader, Path(args.cache))
        videos[part] = read_and_tell(cache, readings)
    return {r: (videos['train'][r], videos['test'][r]) for r in readings}


def _loader(cfg: Config, part: str, split: int | None) -> dict[str, Any]:
    """Return the loader of 'train' or 'test' of a split of the data set."""
    if split is not None:
        plain = cfg.to_dict()
        if not _renumber(plain, split):
            raise UsageError(
                f'--splits needs lists named after their split, as '
                f"'train_split1.txt'; {cfg.filename} has none"
            )
        cfg = Config(plain, filename=cfg.filename)
    return split_loader(cfg, part)


def _renumber(node: Any, split: int) -> int:
    """Put a split into the names of all lists; return how many have one."""
    if not isinstance(node, (dict, list)):
        return 0
    children = node.values() if isinstance(node, dict) else node
    found = sum(_renumber(child, split) for child in children)
    if isinstance(node, dict) and isinstance(node.get('ann_file'), str):
        path = Path(node['ann_file'])
        name, count = re.subn(r'split\d', f'split{split}', path.name)
        if count:
            node['ann_file'] = str(path.with_name(name))
        found += count
    return found


def _geometry(cfg: Config) -> Geometry:
    """Return what clips the test of a config has."""
    found = geometry_of_pipeline(cfg.test_dataloader.to_dict())
    stride = (*found['frame_interval'], None)[0]
    return Geometry(found['num_frames'], stride, found['height'])


def _place_p4(protocol: Protocol, module: str | None) -> Protocol:
    """Read p4 from a module that the user names."""
    if module is None or protocol.reading.layer != 'p4':
        return protocol
    return protocol._replace(reading=Reading(module, 'max', 10))


def _join(runs: list[ProtocolScores]) -> dict[str, list[float]]:
    """Return the values of all splits by column."""
    return {
        column: [value for run in runs for value in run.scores[column]]
        for column in runs[0].scores
    }


def _write(
    path: Path,
    text: str,
    args: argparse.Namespace,
    protocols: list[Protocol],
    networks: dict[str, Any],
    warnings: list[str],
) -> None:
    """Write the report."""
    if path.suffix == '.md':
        path.write_text(text + '\n')
        return
    report = dict(
        settings=dict(
            config=args.config,
            tasks=args.tasks,
            seed=args.seed,
            p4=args.p4,
            cfg_options={k: repr(v) for k, v in args.cfg_options.items()},
        ),
        warnings=warnings,
        networks={
            name: {
                split: {
                    protocol.name: found._asdict()
                    for protocol, found in zip(protocols, run)
                }
                for split, run in runs.items()
            }
            for name, runs in networks.items()
        },
    )
    path.write_text(json.dumps(report, indent=1) + '\n')


if __name__ == '__main__':
    try:
        with one_sentence(), going_on_later():
            main()
    finally:
        kill_workers()
