"""Rules for the units that peers' networks are made of."""

from __future__ import annotations

from .renaming import Rule

NORM = 'weight|bias|running_mean|running_var|num_batches_tracked'


def conv_and_norm(theirs: str, ours: str, conv: str, norm: str) -> list[Rule]:
    r"""Return the rules for a convolution and the norm behind it.

    Args:
        theirs: Regular expression of what stands before both.
        ours: Template of our unit, whose parts are ``conv`` and ``bn``.
        conv: Regular expression of their convolution, without groups.
        norm: Of their norm, likewise.
    """
    return [
        (rf'{theirs}{conv}\.(?P<conv>weight|bias)', rf'{ours}.conv.\g<conv>'),
        (rf'{theirs}{norm}\.(?P<norm>{NORM})', rf'{ours}.bn.\g<norm>'),
    ]


def separable(theirs: str, ours: str) -> list[Rule]:
    """Return the rules for S3D's convolution in space and then in time.

    All who wrote it call its parts conv1, bn1, conv2 and bn2.

    Args:
        theirs: Regular expression of their unit.
        ours: Template of our unit, whose parts are ``spatial`` and
            ``temporal``.
    """
    return [
        *conv_and_norm(theirs + r'\.', ours + '.spatial', 'conv1', 'bn1'),
        *conv_and_norm(theirs + r'\.', ours + '.temporal', 'conv2', 'bn2'),
    ]
