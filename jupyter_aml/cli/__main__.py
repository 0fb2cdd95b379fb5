"""`python -m jupyter_aml.cli`, for where no script is on the PATH."""

from jupyter_aml.cli import main

raise SystemExit(main())
