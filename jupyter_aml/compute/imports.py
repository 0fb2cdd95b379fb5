"""The imports that a script begins with, before it does anything that they could depend on."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

MOST = 200_000
"""Bytes of a script that is looked at."""


def leading(source: bytes) -> tuple[str, ...]:
    """The import statements before any other that does something, one for each module.

    What is only defined between them does nothing: texts, plain numbers, functions without
    decorators and without defaults. None of a script that is no Python or too long.
    """
    if len(source) > MOST:
        return ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return tuple(_imports(tree.body))


def _imports(body: list[ast.stmt]) -> Iterator[str]:
    for statement in body:
        match statement:
            case ast.Import(names=names):
                yield from (f"import {each.name}" for each in names)
            case ast.ImportFrom(module="__future__"):
                continue
            case ast.ImportFrom(module=str(module), level=0, names=names):
                yield f"from {module} import {', '.join(each.name for each in names)}"
            case _ if not _only_defines(statement):
                return


def _only_defines(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Constant()) | ast.Pass():
            return True
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant()):
            return not name.startswith("__")
        case ast.FunctionDef(decorator_list=[], returns=None, args=args):
            every = (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg)
            plain = not (args.defaults or args.kw_defaults)
            return plain and not any(each and each.annotation for each in every)
    return False
