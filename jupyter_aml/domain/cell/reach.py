"""Tells the reads that Python comes to for sure from those in branches that may never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_ALL = frozenset({"Exception", "BaseException"})
_EXITS = frozenset({"exit", "quit", "_exit", "abort"})


@dataclass(frozen=True, slots=True)
class Read:
    """A name that is read, not as a local variable."""

    name: str
    line: int
    is_sure: bool
    """Whether Python comes to it, as far as reading the code can tell."""


@dataclass(frozen=True, slots=True)
class _Scope:
    is_sure: bool = True
    in_function: bool = False
    owner: str | None = None
    """The class whose body this is."""
    local: frozenset[str] = frozenset()

    def doubted(self) -> _Scope:
        return replace(self, is_sure=False)


def reads(tree: ast.Module) -> list[Read]:
    """All reads of names. The body of a function counts as run where its name is read for sure."""
    used: frozenset[str] = frozenset()
    while True:
        found = list(_Walk(used).block(tree.body, _Scope()))
        seen = frozenset(read.name for read in found if read.is_sure)
        if seen <= used:
            return found
        used |= seen


class _Walk:
    """One reading of the code, with what is known of the names that are used."""

    def __init__(self, used: frozenset[str]) -> None:
        self._used = used

    def block(self, body: Sequence[ast.stmt], scope: _Scope) -> Iterator[Read]:
        for statement in body:
            yield from self._node(statement, scope)
            if _may_leave(statement):
                scope = scope.doubted()

    def _node(self, node: ast.AST | None, scope: _Scope) -> Iterator[Read]:
        doubted = scope.doubted()
        match node:
            case None:
                return
            case ast.Name(id=name, ctx=ast.Load()):
                if name not in scope.local:
                    yield Read(name, node.lineno, scope.is_sure)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                yield from self._function(node, scope)
            case ast.ClassDef():
                yield from self._nodes([*node.decorator_list, *node.bases, *node.keywords], scope)
                yield from self.block(node.body, replace(scope, owner=node.name))
            case ast.If(test=test, body=body, orelse=orelse):
                yield from self._node(test, scope)
                yield from self.block(body, scope if _is_main_guard(test) else doubted)
                yield from self.block(orelse, doubted)
            case ast.While(test=test, body=body, orelse=orelse):
                always = isinstance(test, ast.Constant) and bool(test.value)
                yield from self._node(test, scope)
                yield from self.block(body, scope if always else doubted)
                yield from self.block(orelse, doubted)
            case ast.For() | ast.AsyncFor():
                yield from self._nodes([node.target, node.iter], scope)
                yield from self.block(node.body, scope)
                yield from self.block(node.orelse, doubted)
            case ast.With() | ast.AsyncWith():
                yield from self._nodes(node.items, scope)
                yield from self.block(node.body, doubted if _suppresses(node) else scope)
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=finalbody):
                guarded = any(map(_catches_all, handlers))
                yield from self.block([*body, *orelse], doubted if guarded else scope)
                yield from self._nodes(handlers, doubted)
                yield from self.block(finalbody, scope)
            case ast.ExceptHandler(type=kind, body=body):
                yield from self._node(kind, doubted)
                yield from self.block(body, doubted)
            case ast.Match(subject=subject, cases=cases):
                yield from self._node(subject, scope)
                yield from self._nodes(cases, doubted)
            case ast.match_case(pattern=pattern, guard=guard, body=body):
                yield from self._nodes([pattern, guard], scope)
                yield from self.block(body, scope)
            case ast.IfExp(test=test, body=then, orelse=otherwise):
                yield from self._node(test, scope)
                yield from self._nodes([then, otherwise], doubted)
            case ast.BoolOp(values=[first, *others]):
                yield from self._node(first, scope)
                yield from self._nodes(others, doubted)
            case ast.Assert(test=test, msg=text):
                yield from self._node(test, scope)
                yield from self._node(text, doubted)
            case ast.AnnAssign(target=target, annotation=annotation, value=value):
                # Annotations of local variables are never looked at.
                told = None if scope.in_function else annotation
                yield from self._nodes([told, value, target], scope)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                inner = replace(scope, local=scope.local | _targets(node))
                yield from self._nodes(ast.iter_child_nodes(node), inner)
            case _:
                yield from self._nodes(ast.iter_child_nodes(node), scope)

    def _nodes(self, nodes: Iterator[ast.AST] | Sequence[ast.AST | None], scope: _Scope) -> (
        Iterator[Read]
    ):  # fmt: skip
        return chain.from_iterable(self._node(node, scope) for node in nodes)

    def _function(self, node: _Function, scope: _Scope) -> Iterator[Read]:
        yield from self._nodes([*node.args.defaults, *node.args.kw_defaults], scope)
        inner = replace(scope, in_function=True, owner=None, local=scope.local | _own_names(node))
        if isinstance(node, ast.Lambda):
            yield from self._node(node.body, inner)
            return
        told = [argument.annotation for argument in _arguments(node) if argument.annotation]
        yield from self._nodes([*node.decorator_list, *told, node.returns], scope)
        # Whoever uses a class may call its methods.
        runs = (scope.owner or node.name) in self._used
        yield from self.block(node.body, inner if runs else inner.doubted())


def _arguments(node: _Function) -> list[ast.arg]:
    given = node.args
    more = [each for each in (given.vararg, given.kwarg) if each is not None]
    return [*given.posonlyargs, *given.args, *given.kwonlyargs, *more]


def _own_names(node: _Function) -> frozenset[str]:
    """The local variables of a function."""
    found = {argument.arg for argument in _arguments(node)}
    elsewhere: set[str] = set()
    for inner in _within([node.body] if isinstance(node, ast.Lambda) else node.body):
        match inner:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                found.add(name)
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | (ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)))
            ):
                found.add(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                found |= {(each.asname or each.name).partition(".")[0] for each in names}
            case (
                ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | (ast.MatchMapping(rest=str(name)))
            ):
                found.add(name)
            case ast.Global(names=names):
                elsewhere |= set(names)
    return frozenset(found - elsewhere)


def _within(nodes: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """The nodes and all below them, but not what stands in functions, classes, comprehensions."""
    for node in nodes:
        yield node
        if not isinstance(node, _Function | _Comprehension | ast.ClassDef):
            yield from _within(list(ast.iter_child_nodes(node)))


def _targets(node: _Comprehension) -> frozenset[str]:
    return frozenset(
        name.id
        for each in node.generators
        for name in ast.walk(each.target)
        if isinstance(name, ast.Name)
    )


def _may_leave(statement: ast.stmt) -> bool:
    """Whether what stands below may be passed over: by a return, an error, an exit."""
    return any(
        isinstance(node, ast.Return | ast.Raise)
        or (isinstance(node, ast.Call) and _last_name(node.func) in _EXITS)
        for node in _within([statement])
    )


def _is_main_guard(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and any(
        isinstance(each, ast.Name) and each.id == "__name__"
        for each in (test.left, *test.comparators)
    )


def _suppresses(node: ast.With | ast.AsyncWith) -> bool:
    calls = [each.context_expr for each in node.items if isinstance(each.context_expr, ast.Call)]
    return any(_last_name(call.func) in ("suppress", "raises") for call in calls)


def _catches_all(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or _last_name(kind) in _ALL for kind in caught)


def _last_name(node: ast.expr) -> str:
    """`exit` of `sys.exit`; empty where it has no name."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
