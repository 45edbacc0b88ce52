"""`python -m mil2mil` is the command `mil2mil`."""

import sys

from mil2mil.cli import main

sys.exit(main())
