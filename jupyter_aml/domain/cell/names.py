"""Finds the names that a cell uses and never defines, before anything is sent."""

from __future__ import annotations

import ast
import builtins
import symtable
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jupyter_aml.domain.cell.reach import Read, reads

# A kernel adds some names to the builtins that a plain interpreter does not have.
_KERNEL_ONLY = {"get_ipython", "display", "__IPYTHON__", "__tracebackhide__", "_"}
_MODULE = {
    "__annotations__", "__builtins__", "__cached__", "__conditional_annotations__", "__debug__",
    "__doc__", "__file__", "__loader__", "__name__", "__package__", "__spec__", "exit", "quit",
}  # fmt: skip
KNOWN = frozenset((set(dir(builtins)) - _KERNEL_ONLY) | _MODULE)

# Code that makes names at run time cannot be judged by reading it.
_MAKES_NAMES = frozenset({"exec", "globals", "builtins", "__builtins__", "__main__"})
_NAMES_OF_HERE = frozenset({"vars", "locals"})
_REACHES_MODULES = frozenset({"f_globals", "init_session"})


def undefined(code: str, *, given: Sequence[str] = ()) -> dict[str, Read]:
    """Map each name that the code reads but nobody defines to where it is first read.

    The code must compile. It is given the benefit of the doubt where it imports `*`, makes names
    at run time, or is ready for a NameError. Of a name's reads those that are sure go before.
    """
    tree = ast.parse(code)
    bound, used = set(given) | KNOWN, set[str]()
    _scan(symtable.symtable(code, "cell.py", "exec"), bound, used)
    if _makes_names(tree, used):
        return {}
    missing = used - bound - _guarded(tree) - _walruses(tree)
    found = sorted((r for r in reads(tree) if r.name in missing), key=_sure_first, reverse=True)
    first = {read.name: read for read in found}
    return dict(sorted(first.items(), key=lambda item: (item[1].line, item[0])))


def bound(code: str) -> set[str]:
    """The names that the code defines at its top level; empty where it is not Python."""
    try:
        table = symtable.symtable(code, "cell.py", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return {symbol.get_name() for symbol in table.get_symbols() if _binds(symbol)}


@dataclass(frozen=True, slots=True)
class Import:
    """A module that code imports, as a dotted name which may end in a name of the module."""

    module: str
    line: int
    is_optional: bool
    """Whether the code is ready for its absence."""

    @property
    def top(self) -> str:
        """The first part of the dotted name."""
        return self.module.partition(".")[0]


def imports(code: str) -> list[Import]:
    """What the code imports from outside the standard library, each name once. It must compile."""
    tree = ast.parse(code)
    optional = _ready_for(tree, {"ImportError", "ModuleNotFoundError", "Exception"})
    found: dict[str, Import] = {}
    for node in ast.walk(tree):
        for module in _modules(node):
            one = Import(module, getattr(node, "lineno", 1), node in optional)
            known = found.get(module)
            if one.top not in sys.stdlib_module_names and (known is None or known.is_optional):
                found[module] = one
    return sorted(found.values(), key=lambda each: (each.line, each.module))


def _modules(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=str(module), level=0, names=names):
            yield from (module if a.name == "*" else f"{module}.{a.name}" for a in names)


def _ready_for(tree: ast.AST, errors: set[str]) -> set[ast.AST]:
    """All nodes within a `try` that catches one of the errors."""
    return {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.Try) and any(_catches(each, errors) for each in node.handlers)
        for statement in node.body
        for inner in ast.walk(statement)
    }


def _sure_first(read: Read) -> tuple[bool, int]:
    return not read.is_sure, read.line


def _makes_names(tree: ast.AST, used: set[str]) -> bool:
    return bool(used & _MAKES_NAMES) or any(map(_makes, ast.walk(tree)))


def _makes(node: ast.AST) -> bool:
    match node:
        case ast.ImportFrom(names=[ast.alias(name="*")]):
            return True
        case ast.Call(func=ast.Name(id=name), args=[]):
            return name in _NAMES_OF_HERE
        case ast.Call(func=ast.Name(id="var") | ast.Attribute(attr="var"), args=[first, *_]):
            # That is how sympy makes symbols.
            return isinstance(first, ast.Constant) and isinstance(first.value, str)
        case ast.Attribute(attr=name):
            return name in _REACHES_MODULES
        case ast.Subscript(value=ast.Attribute(attr="modules"), slice=ast.Name(id="__name__")):
            return True
    return False


def _scan(table: symtable.SymbolTable, bound: set[str], used: set[str]) -> None:
    top = table.get_type() == "module"
    for symbol in table.get_symbols():
        name = symbol.get_name()
        is_global = top or _is_global(symbol)
        if is_global and _binds(symbol):
            bound.add(name)
        if is_global and symbol.is_referenced():
            used.add(name)
    for inner in table.get_children():
        _scan(inner, bound, used)


def _is_global(symbol: symtable.Symbol) -> bool:
    # What a block binds is its own, though a function named `top` is taken for the module.
    is_own = symbol.is_parameter() or symbol.is_assigned() or symbol.is_imported()
    return symbol.is_declared_global() or (symbol.is_global() and not is_own)


def _binds(symbol: symtable.Symbol) -> bool:
    return (
        symbol.is_assigned()
        or symbol.is_imported()
        or symbol.is_namespace()
        or symbol.is_annotated()
    )


def _guarded(tree: ast.AST) -> set[str]:
    return {node.id for node in _ready_for(tree, {"NameError"}) if isinstance(node, ast.Name)}


def _walruses(tree: ast.AST) -> set[str]:
    # From Python 3.12 on the symbol table says nothing of `:=` within a comprehension.
    return {node.target.id for node in ast.walk(tree) if isinstance(node, ast.NamedExpr)}


def _catches(handler: ast.ExceptHandler, errors: set[str]) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(kind, ast.Name) and kind.id in errors for kind in caught)
