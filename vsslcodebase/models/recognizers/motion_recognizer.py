"""Labels and motion learnt together (HCML, Yang et al. 2020, Section 3.4)."""

from __future__ import annotations

from typing import Any

from mmaction.models.recognizers import Recognizer3D
from torch import Tensor

from vsslcodebase.models.selfsup.motion_pretrainer import build_motion_head
from vsslcodebase.models.shown_frames import shown_frames
from vsslcodebase.registry import MODELS


@MODELS.register_module()
class MotionRecognizer(Recognizer3D):
    """MMAction2's ``Recognizer3D``, with losses of motion in training (Eq. 5).

    In tests it is ``Recognizer3D``. ``tools/model_converters/
    drop_motion_head.py`` makes a checkpoint for that.

    Args:
        backbone: A ``MotionResNet3d``.
        motion_head: A ``MotionHierarchyHead``, whose weighted losses are
            added; None for labels alone.
        options: ``cls_head``, ``train_cfg``, ``test_cfg`` and
            ``data_preprocessor`` of ``Recognizer3D``.

    Raises:
        ValueError: There is a neck, or the backbone has no motion features
            for a head.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        motion_head: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        if options.get('neck') is not None:
            raise ValueError(
                'MotionRecognizer has no place for a neck: auxiliary losses '
                'are those of motion_head; take Recognizer3D for a neck'
            )
        super().__init__(backbone, **options)
        self.motion_head = None
        if motion_head is not None:
            self.motion_head = build_motion_head(motion_head, self.backbone)

    def extract_feat(
        self,
        inputs: Tensor,
        stage: str = 'neck',
        data_samples: list | None = None,
        test_mode: bool = False,
    ) -> tuple[Tensor, dict[str, Any]]:
        """Return the features, in training with losses of motion beside them.

        Args:
            inputs: (B, V, C, T, H, W).
            stage: See ``Recognizer3D``.
            data_samples: B samples; given in training.
            test_mode: See ``Recognizer3D``.

        Returns:
            Features (B*V, D, t, h, w), and a dict for the classifier, whose
            ``loss_aux`` is added to the losses.
        """
        feats_for_loss = stage == 'neck' and not test_mode
        if self.motion_head is None or not feats_for_loss:
            return super().extract_feat(inputs, stage, data_samples, test_mode)
        clips = inputs.flatten(0, 1)
        feats, motion = self.backbone.forward_motion(clips)
        losses = self.motion_head.loss(
            motion, data_samples, shown_frames(clips, self.data_preprocessor)
        )
        return feats, dict(loss_aux=losses)
