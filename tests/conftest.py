"""Make the slow references importable: ``from oracles.corp import ...``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
