"""The known defects of upstream releases, mended where they are present.

Imported before anything else of this package. Each mend looks for its
defect first, may be called twice, and has its reason in its own module.
What a run needs at its start (``gloo.prepare_gloo``) is called by
``engine.launch``; bfloat16 on CPU is ``engine.AutocastOptimWrapper``.
"""

from .packages import require_mmcv, stub_missing_drn

require_mmcv()
stub_missing_drn()

from .checkpoint_files import (  # noqa: E402, all need mmcv's check
    mend_checkpoint_files,
)
from .checkpoint_loading import (  # noqa: E402, needs mmcv, too
    CheckpointError,
    load_checkpoint,
    mend_checkpoint_loading,
)
from .worker_seed import mend_worker_seed  # noqa: E402, needs mmcv, too

mend_checkpoint_loading()
mend_checkpoint_files()
mend_worker_seed()

__all__ = ['CheckpointError', 'load_checkpoint']
