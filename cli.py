"""Launcher: `python cli.py ...` runs Desireline from a checkout without installing it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "engine"))

from desireline.commands import main

if __name__ == "__main__":
    main()
