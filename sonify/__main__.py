"""`python -m sonify` is `sonify`."""

import sys

from sonify.cli import main

sys.exit(main())
