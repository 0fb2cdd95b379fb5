"""Make small changes of meaning, one at a time, and report those that no test notices.

    python .ci/mutate.py [--changes 20] [--seed SEED] [--under jupyter_aml/engine]

The changes are made in a copy of this tree, and only the tests of the same room are asked. A line
that is reported wants a sentence of a test, or is idle.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "node_modules", "__pycache__", ".*_cache")
TESTS = {
    "domain": ["tests/unit"],
    "wire": ["tests/unit"],
    "runfolder": ["tests/unit"],
    "server": ["tests/server"],
    "compute": ["tests/contracts/test_compute.py", "tests/integration/test_shim.py"],
    "shim": ["tests/integration/test_shim.py", "tests/integration/test_shim_lost.py"],
    "store": ["tests/unit/store", "tests/contracts/test_store.py"],
    "engine": ["tests/unit/engine", "tests/integration/test_engine.py"],
}
"""Where the tests of a room lie, if not in `tests/unit/<room>` alone."""
OTHERS = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE,
    ast.GtE: ast.Gt, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """Bytes of a file that are replaced by others."""

    path: Path
    line: int
    begin: int
    end: int
    text: str

    def applied(self, source: bytes) -> bytes:
        """The source with this change in it."""
        return source[: self.begin] + self.text.encode() + source[self.end :]

    def told(self, source: bytes) -> str:
        """The place, what stood there and what stands there now, in a line each."""
        before = source[self.begin : self.end].decode()
        return f"{self.path}:{self.line}\n  - {before}\n  + {self.text}"


def changes(path: Path, source: bytes) -> Iterator[Change]:
    """Every small change of meaning that can be made in a file."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node in ast.walk(ast.parse(source)):
        text = _other(node)
        if text is not None:
            assert isinstance(node, ast.expr | ast.stmt) and node.end_lineno is not None
            begin = starts[node.lineno - 1] + node.col_offset
            end = starts[node.end_lineno - 1] + (node.end_col_offset or 0)
            yield Change(path, node.lineno, begin, end, text)


def _other(node: ast.AST) -> str | None:
    """The node in another meaning; None where there is none that is small."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in OTHERS:
            other = copy.copy(node)
            other.ops = [OTHERS[type(op)]()]  # type: ignore[abstract]
            return f"({ast.unparse(other)})"
        case ast.BoolOp() | ast.BinOp() if type(node.op) in OTHERS:
            changed = copy.copy(node)
            changed.op = OTHERS[type(node.op)]()  # type: ignore[abstract]
            return f"({ast.unparse(changed)})"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return f"bool({ast.unparse(operand)})"
        case ast.Constant(value=bool() as value):
            return str(not value)
        case ast.Constant(value=int() as number):
            return str(number + 1)
        case ast.Expr(value=ast.Call() | ast.Await()):
            return "..."
    return None


def is_noticed(tree: Path, change: Change) -> bool:
    """Whether a test of the same room fails while the change is in the tree."""
    file = tree / change.path
    source = file.read_bytes()
    room = change.path.parts[1].removesuffix(".py")
    wanted = TESTS.get(room, [f"tests/unit/{room}"])
    tests = [test for test in wanted if (tree / test).exists()]
    file.write_bytes(change.applied(source))
    try:
        return bool(tests) and _fails(tree, tests)
    finally:
        file.write_bytes(source)


def _fails(tree: Path, tests: list[str]) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--timeout", "60", *tests]
    # What the tests start has the copy, too, and not what is installed.
    env = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=tree, env=env, capture_output=True).returncode != 0


def main() -> int:
    """Make the changes; 0 although some went unnoticed: they are to be read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=20)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**9)
    parser.add_argument("--under", default="jupyter_aml")
    args = parser.parse_args()
    chance = random.Random(args.seed)
    files = sorted((REPOSITORY / args.under).rglob("*.py"))
    everywhere = [
        change
        for file in files
        if "migrations" not in file.parts
        for change in changes(file.relative_to(REPOSITORY), file.read_bytes())
    ]
    unnoticed = 0
    with tempfile.TemporaryDirectory(prefix="aml-mutate-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(REPOSITORY, tree, ignore=LEFT_OUT, symlinks=True)
        chosen = chance.sample(everywhere, min(args.changes, len(everywhere)))
        for change in chosen:
            if not is_noticed(tree, change):
                unnoticed += 1
                print(change.told((REPOSITORY / change.path).read_bytes()), flush=True)
    print(f"{unnoticed} of {len(chosen)} changes went unnoticed (--seed {args.seed})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
