"""Print a config as a run would get it, or how it differs from another.

    python tools/print_config.py configs/corp/corp_f_r3d50_ssv2.py \
        --diff configs/simclr/simclr_r3d50_ssv2.py

With ``--cfg-options`` and ``--diff`` of the same file this shows what the
options change.
"""

from __future__ import annotations

import argparse
import difflib
import inspect

from mmengine.config import Config
from mmengine.runner import Runner

from vsslcodebase.engine.launch import load_config
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.overrides import TOP_LEVEL, OverrideAction


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config')
    parser.add_argument(
        '--diff',
        metavar='OTHER',
        help='print only the lines that change from OTHER to the config',
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=OverrideAction, default={}
    )
    return parser.parse_args()


def main() -> None:
    """Print the config, or the difference."""
    args = parse_args()
    text = resolved_text(load_config(args.config, args.cfg_options))
    if args.diff is None:
        print(text)
        return
    other = resolved_text(load_config(args.diff))
    lines = difflib.unified_diff(
        other.splitlines(),
        text.splitlines(),
        args.diff,
        args.config,
        lineterm='',
    )
    print('\n'.join(lines) or 'no difference')


def resolved_text(cfg: Config) -> str:
    """Format what the run reads of a config.

    Names that only pass from a ``_base_`` file to a leaf, such as
    ``backbone``, are left out: changing them on the command line would
    change nothing.
    """
    read = {*inspect.signature(Runner).parameters, *TOP_LEVEL}
    read |= {'auto_scale_lr', 'custom_imports', 'default_scope', 'stages'}
    used = {key: value for key, value in cfg.items() if key in read}
    return Config(used).pretty_text


if __name__ == '__main__':
    with one_sentence():
        main()
