"""`python -m threatcast_orchestration.tracking [HOME]`: brings the home's MLflow store up to date.

Costs nothing where there is no store or it is up to date, so `make run` calls it each time.
"""

from __future__ import annotations

import sys

from threatcast_orchestration.run.settings import home_path
from threatcast_orchestration.tracking.store import migrate


def main() -> None:
    """Bring the store of the home named first, else of the usual home, up to date."""
    home = home_path(sys.argv[1] if len(sys.argv) > 1 else None)
    if migrate(home):
        sys.stderr.write(f"threatcast: brought {home.mlflow / 'mlflow.db'} up to date\n")


if __name__ == "__main__":
    main()
