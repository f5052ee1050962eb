"""Export a network to ONNX: ``to_onnx.py IN OUT``.

    python tools/model_converters/to_onnx.py \
        work_dirs/.../epoch_200.pth slow50.onnx --with-preprocess

OUT takes 'clips' (N, 3, T, H, W) of any N and gives 'scores' of the
classifier, or (N, D) 'features' where there is none. It is run once with
onnxruntime and compared with the network.
"""

from __future__ import annotations

from vsslcodebase.checkpoints.exporters.command import (
    network_parser,
    run_export,
)
from vsslcodebase.checkpoints.exporters.traced import to_onnx
from vsslcodebase.engine.misuse import one_sentence


def main() -> None:
    """Write the network."""
    run_export(network_parser(__doc__).parse_args(), to_onnx)


if __name__ == '__main__':
    with one_sentence():
        main()
