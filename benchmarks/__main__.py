"""`python -m benchmarks`: measure speed and memory against other tools, in one run."""

from __future__ import annotations

import sys

from benchmarks.command import main

sys.exit(main())
