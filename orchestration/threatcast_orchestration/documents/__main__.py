"""`python -m threatcast_orchestration.documents`: writes the generated files anew."""

from __future__ import annotations

import sys

from threatcast_orchestration.documents import write


def main() -> None:
    """Write the files in place and say which ones changed."""
    changed = write()
    for name in changed:
        sys.stdout.write(f"{name}\n")
    sys.stdout.write(f"{len(changed)} files changed\n")


if __name__ == "__main__":
    main()
