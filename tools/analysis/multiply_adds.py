"""Multiply-adds of a config's network: ``multiply_adds.py CONFIG``.

    python tools/analysis/multiply_adds.py CONFIG --frames 16 --size 256

What papers call FLOPs, of one clip, stage by stage; with motion blocks also
the ratio to the network without them (HCML, Table 6).
"""

from __future__ import annotations

import argparse
import json

import torch
from mmengine.registry import init_default_scope

from vsslcodebase.engine.launch import load_config, require_keys
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.overrides import OverrideAction
from vsslcodebase.evaluation.multiply_adds import multiply_adds
from vsslcodebase.models.backbones import MotionResNet3d
from vsslcodebase.models.build import build_part


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('config')
    add('--frames', type=int, default=16, help='of the clip')
    add('--size', type=int, default=256, help='height and width, in pixels')
    add('--depth', type=int, default=2, help='parts of parts that are shown')
    add('--json', action='store_true', help='one JSON line, all parts')
    add('--cfg-options', nargs='+', action=OverrideAction, default={})
    return parser.parse_args()


def main() -> None:
    """Print the table."""
    args = parse_args()
    cfg = load_config(args.config, args.cfg_options)
    require_keys(cfg, 'model')
    init_default_scope(cfg.get('default_scope', 'vsslcodebase'))
    with torch.device('meta'):
        backbone = build_part(dict(cfg.model.backbone, init_cfg=None))
    shape = (3, args.frames, args.size, args.size)
    counts = multiply_adds(backbone, shape)
    if args.json:
        print(json.dumps(counts))
        return
    for name, count in counts.items():
        if name.count('.') < args.depth:
            print(f'{count / 1e9:10.3f} G  {name or "whole"}')
    if isinstance(backbone, MotionResNet3d) and backbone.levels:
        plain = multiply_adds(backbone.backbone, shape)['']
        print(f'{counts[""] / plain:10.3f} x  without motion blocks')


if __name__ == '__main__':
    with one_sentence():
        main()
