"""The known defects of upstream releases, mended where they are present.

Imported before anything else of this package. Each mend looks for its
defect first, may be called twice, and has its reason in its own module.
"""

from .packages import require_mmcv, stub_missing_drn

require_mmcv()
stub_missing_drn()

__all__ = ['require_mmcv', 'stub_missing_drn']
