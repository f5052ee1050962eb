"""What ``torchrun`` does, with one line where a process has failed.

torchrun ends in forty lines about itself, under which the message of the
process that failed is not found again. Called by ``torchrun.sh``.
"""

import sys

from torch.distributed.elastic.multiprocessing import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.run import main

if __name__ == '__main__':
    try:
        main()
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        code = failure.exitcode
        how = f'by signal {-code}' if code < 0 else f'with exit code {code}'
        sys.exit(f'process {rank} ended {how}, and the others with it')
    except SignalException as error:
        sys.exit(128 + error.sigval)
