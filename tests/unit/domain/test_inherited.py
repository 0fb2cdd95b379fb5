"""What a server hands down to the processes that it starts."""

from __future__ import annotations

from jupyter_aml.domain import inherited

SERVER = {
    "HOME": "/home/ana",
    "PATH": "/usr/bin",
    "PYTHONPATH": "/srv/lib",
    "VIRTUAL_ENV": "/srv/venv",
    "CONDA_PREFIX": "/opt/conda",
    "JUPYTER_TOKEN": "secret",
    "JUPYTERHUB_API_TOKEN": "secret",
    "JPY_SESSION_NAME": "/home/ana/a.ipynb",
    "IPYTHONDIR": "/home/ana/.ipython",
    "AML_RUN_ID": "run_1",
    "AML_WIDGET": "0",
}


def test_a_script_gets_nothing_of_the_notebook_and_no_token():
    assert inherited.by_script(SERVER) == {"HOME": "/home/ana", "PATH": "/usr/bin"}


def test_a_kernel_keeps_what_notebooks_know_but_no_token_and_no_other_python():
    assert inherited.by_kernel(SERVER) == {
        "HOME": "/home/ana",
        "PATH": "/usr/bin",
        "JPY_SESSION_NAME": "/home/ana/a.ipynb",
        "IPYTHONDIR": "/home/ana/.ipython",
        "AML_WIDGET": "0",
    }
