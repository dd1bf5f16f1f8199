"""`python -m benchmarks.scale`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from scale.measured import main

main()
