"""What the tests of the forecasting library share: `panel_kit`, panels and models of their own."""

from __future__ import annotations

import sys
from pathlib import Path

# pytest's importlib mode puts no test folder on the path, and the kit is a module of its own
sys.path.insert(0, str(Path(__file__).parent))
