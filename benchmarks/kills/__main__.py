"""`python -m benchmarks.kills`: see the package."""

from __future__ import annotations

import sys

from benchmarks.kills.command import main

if __name__ == "__main__":
    sys.exit(main())
