"""`python -m core COMMAND`."""

import os
import sys

# Threads that wait for each other sleep instead of spinning: three times the pace while something else wants the
# processor (a page, a second program), none lost when nothing does. Read when torch is loaded, hence first of all.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from core.cli import main

sys.exit(main())
