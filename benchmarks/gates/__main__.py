"""`python -m benchmarks.gates`."""

from __future__ import annotations

import sys

from .command import main

if __name__ == "__main__":  # worker processes import this module too
    sys.exit(main())
