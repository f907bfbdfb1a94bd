"""Small faults for a module's functions, one at a time: what a mutation run puts in to see whether a test notices.

Left out: annotations, docstrings, wording (`_()`, messages of exceptions, any string of several words), default values,
decorators, and what stands outside functions.
"""

import ast
import gc
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
COMPUTED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
LONG = 12  # letters: a string with a space that is longer is a sentence
WORDS = {"_", "_l", "gettext", "ngettext", "lazy_gettext"}


class Mutant(NamedTuple):
    """A fault: in which function, on which line, what is changed, and how."""

    function: str
    line: int
    what: str
    apply: Callable[[], Any]


class _Finder(ast.NodeVisitor):
    """Collects the faults of one function."""

    def __init__(self, function: str) -> None:
        self.function = function
        self.found: list[Mutant] = []

    def put(self, node: Any, field: str, value: Any, what: str, line: int = 0) -> None:
        """A fault that gives a field of a node another value."""
        line = line or node.lineno
        self.found.append(Mutant(self.function, line, what, lambda: setattr(node, field, value)))

    def instead(self, body: list[Any], at: int, what: str) -> None:
        """A fault that leaves a statement out."""
        node = body[at]
        nothing = ast.copy_location(ast.Pass(), node)
        self.found.append(Mutant(self.function, node.lineno, what, lambda: body.__setitem__(at, nothing)))

    def statements(self, body: list[Any]) -> None:
        for at, node in enumerate(body):
            if (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)) or isinstance(node, ast.Raise):
                self.instead(body, at, f"leave out {ast.unparse(node)[:60]}")
            elif isinstance(node, ast.Break | ast.Continue):
                self.instead(body, at, f"leave out {ast.unparse(node)}")
            self.visit(node)

    def generic_visit(self, node: ast.AST) -> None:
        for name, value in ast.iter_fields(node):
            if name in {"annotation", "returns", "decorator_list", "args"} and isinstance(node, _DEFINITIONS):
                continue
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                self.statements(value)
            elif isinstance(value, list):
                for each in value:
                    if isinstance(each, ast.AST):
                        self.visit(each)
            elif isinstance(value, ast.AST):
                self.visit(value)

    def visit_Raise(self, node: ast.Raise) -> None:
        """Its message is wording."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id in WORDS:
            return
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        for at, operator in enumerate(node.ops):
            other = COMPARED[type(operator)]()
            changed = [*node.ops[:at], other, *node.ops[at + 1 :]]
            self.put(node, "ops", changed, f"{type(operator).__name__} → {type(other).__name__}")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        self.put(node, "op", other, f"{type(node.op).__name__} → {type(other).__name__}")
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if other := COMPUTED.get(type(node.op)):
            self.put(node, "op", other(), f"{type(node.op).__name__} → {other.__name__}")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if other := COMPUTED.get(type(node.op)):
            self.put(node, "op", other(), f"{type(node.op).__name__}= → {other.__name__}=")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            twice = ast.UnaryOp(ast.Not(), ast.copy_location(ast.UnaryOp(ast.Not(), node.operand), node))
            self.put(node, "operand", twice.operand, "not x → x")
        elif isinstance(node.op, ast.USub):
            self.put(node, "op", ast.UAdd(), "-x → +x")
        self.generic_visit(node)

    def _condition(self, node: Any) -> None:
        if isinstance(node.test, ast.Name | ast.Attribute | ast.Call | ast.NamedExpr):
            turned = ast.copy_location(ast.UnaryOp(ast.Not(), node.test), node.test)
            self.put(node, "test", turned, f"if {ast.unparse(node.test)[:40]} → if not", node.test.lineno)
        self.generic_visit(node)

    visit_If = visit_While = visit_IfExp = _condition  # noqa: N815

    def visit_Return(self, node: ast.Return) -> None:
        is_nothing = isinstance(node.value, ast.Constant) and node.value.value in (None, False)  # False is turned below
        if node.value is not None and not is_nothing:
            nothing = ast.copy_location(ast.Constant(None), node.value)
            self.put(node, "value", nothing, "return → return None")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self.put(node, "value", not node.value, f"{node.value} → {not node.value}")
        elif isinstance(node.value, int | float):
            self.put(node, "value", node.value + 1, f"{node.value} → {node.value + 1}")
        elif isinstance(node.value, str) and not (" " in node.value and len(node.value) > LONG):
            self.put(node, "value", f"XX{node.value}", f"{node.value[:40]!r} → with XX before it")
        elif isinstance(node.value, bytes):
            self.put(node, "value", b"XX" + node.value, f"{node.value[:40]!r} → with XX before it")


_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.arg


def mutants(tree: ast.Module) -> list[Mutant]:
    """Every fault of a module, in order. Each changes the tree for good: use a copy for each, or a process."""
    found: list[Mutant] = []
    for name, function in _functions(tree, ""):
        finder = _Finder(name)
        finder.statements(function.body)
        found += finder.found
    return found


def _functions(node: ast.AST, within: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef):
            yield within + child.name, child
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{within}{child.name}.")


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from _codes(constant)


def functions_of(path: str) -> list[types.FunctionType]:
    """Every function alive that was written in a file, whoever imported it under whichever name."""
    alive = [thing for thing in gc.get_objects() if isinstance(thing, types.FunctionType)]
    return [function for function in alive if function.__code__.co_filename == path]


def install(tree: ast.Module, path: str, functions: list[types.FunctionType]) -> None:
    """Give the functions of a file the bodies of a changed tree. Raises ValueError where Python cannot."""
    code = compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)
    changed = {(each.co_qualname, each.co_firstlineno): each for each in _codes(code)}
    for function in functions:
        old = function.__code__
        new = changed.get((old.co_qualname, old.co_firstlineno))
        if new is not None and new != old:
            function.__code__ = new
