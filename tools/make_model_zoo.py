"""Write ``model_zoo.md`` and its metafile: ``tools/make_model_zoo.py``.

    python tools/make_model_zoo.py           # write
    python tools/make_model_zoo.py --check   # only compare, as the tests do

From ``results/*.json`` (measured) and the metafiles (the papers').
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.zoo.page import make_mini_metafile, make_page
from vsslcodebase.zoo.recording import training_digests
from vsslcodebase.zoo.results import Result

ROOT = Path(__file__).resolve().parents[1]


def current_digest(result: Result) -> str | None:
    """Return the digest of a result's config as it is now."""
    path = ROOT / result.config
    if not path.is_file():
        return None
    return training_digests(str(path), result.options).get(result.stage)


def main() -> int:
    """Write, or compare; 1 if they differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--check', action='store_true', help='only compare')
    args = parser.parse_args()
    texts = {
        'model_zoo.md': make_page(ROOT, current_digest),
        'configs/mini/metafile.yml': make_mini_metafile(ROOT),
    }
    stale = [
        name
        for name, text in texts.items()
        if not (ROOT / name).is_file()
        or (ROOT / name).read_text(encoding='utf-8') != text
    ]
    if args.check:
        if stale:
            print(
                f'{" and ".join(stale)} differ from what results/ and the '
                'metafiles say; run tools/make_model_zoo.py',
                file=sys.stderr,
            )
        return int(bool(stale))
    for name in stale:
        (ROOT / name).write_text(texts[name], encoding='utf-8')
        print(f'wrote {name}')
    return 0


if __name__ == '__main__':
    with one_sentence():
        sys.exit(main())
