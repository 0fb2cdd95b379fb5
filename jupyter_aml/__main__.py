"""`python -m jupyter_aml`: what `jupyter aml` is, for where no script is on the PATH."""

from jupyter_aml.cli import main

raise SystemExit(main())
