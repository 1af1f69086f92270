#!/usr/bin/env python3
"""Brings C files to the tree's one dialect (tests/STYLE.md), or says where they are not of it.

    dialect.py BUILD FILE...           changes the files; clang-format -i comes after it
    dialect.py --check BUILD FILE...   prints findings; exit code 1 if there is one

A variable is declared where it gets its first value: a declaration without a value, or with a
constant one, moves down to the first statement of its block that names it, and becomes one with
it where that statement only sets it. `sizeof x` for objects. No blank line behind declarations.
BUILD has compile_commands.json.  Left alone: functions with goto or #if, blocks with labels,
static variables, declarations with a comment of their own above, several names in one.
"""
import json
import os
import re
import sys

from clang.cindex import CursorKind as K, Index

TYPE = re.compile(r'^(const |unsigned |signed |struct |union |enum |char\b|int\b|short\b|long\b|size_t\b|bool\b'
                  r'|float\b|double\b|void\b|[a-zA-Z_]\w*_t\b|Alcove__\w+\s*\**$|ProtobufC\w+\s*\**$|MDB_\w+$|FILE$|va_list)')
LABELS = (K.CASE_STMT, K.DEFAULT_STMT, K.LABEL_STMT)
CONST = (K.INTEGER_LITERAL, K.STRING_LITERAL, K.CHARACTER_LITERAL, K.CSTYLE_CAST_EXPR, K.PAREN_EXPR,
         K.UNEXPOSED_EXPR, K.INIT_LIST_EXPR, K.UNARY_OPERATOR, K.DECL_REF_EXPR, K.BINARY_OPERATOR,
         K.MEMBER_REF, K.TYPE_REF, K.CXX_UNARY_EXPR)


def walk(node):
    yield node
    for child in node.get_children():
        yield from walk(child)


def refers(node, var):
    return any(n.kind == K.DECL_REF_EXPR and n.referenced == var for n in walk(node))


def constant(init):
    for n in walk(init):
        if n.kind not in CONST:
            return False
        if n.kind == K.DECL_REF_EXPR and (n.referenced is None or
                                          n.referenced.kind != K.ENUM_CONSTANT_DECL):
            return False
        if n.kind == K.UNARY_OPERATOR and n.type.spelling.endswith('*'):
            return False
    return True


class File:
    def __init__(self, path, args, index):
        self.path = path
        self.data = open(path, 'rb').read()
        self.unit = index.parse(path, args=args)
        self.edits = []  # (start, end, bytes)

    def text(self, start, end):
        return self.data[start:end].decode()

    def line_start(self, offset):
        return self.data.rfind(b'\n', 0, offset) + 1

    def line_end(self, offset):
        end = self.data.find(b'\n', offset)
        return len(self.data) if end < 0 else end + 1

    def ours(self, node):
        return node.location.file is not None and node.location.file.name == self.path

    def functions(self):
        for node in self.unit.cursor.get_children():
            if node.kind == K.FUNCTION_DECL and node.is_definition() and self.ours(node):
                start, end = node.extent.start.offset, node.extent.end.offset
                body = self.text(start, end)
                if re.search(r'^\s*#', body, re.M) or re.search(r'\bgoto\b', body):
                    continue
                for n in walk(node):
                    if n.kind == K.COMPOUND_STMT:
                        yield n

    def blocks(self):
        for block in self.functions():
            children = list(block.get_children())
            if any(c.kind in LABELS for c in children):
                continue
            if block.extent.start.offset >= block.extent.end.offset or \
               self.data[block.extent.start.offset:block.extent.start.offset + 1] != b'{':
                continue  # made by a macro
            yield block, children


def single(f, stmt):
    """The variable of a declaration that may move, and whether its value is constant."""
    kids = list(stmt.get_children())
    if len(kids) != 1 or kids[0].kind != K.VAR_DECL:
        return None
    var = kids[0]
    if var.storage_class.name == 'STATIC':
        return None
    text = f.text(stmt.extent.start.offset, stmt.extent.end.offset)
    if '\n' in text and '{' not in text:
        return None
    start = f.line_start(stmt.extent.start.offset)
    if f.text(start, stmt.extent.start.offset).strip():
        return None  # not alone on its line
    above = f.text(f.line_start(start - 1), start).strip()
    if above.endswith('*/') and not re.match(r'^[^/]*;', above):
        return None
    inits = [c for c in var.get_children() if c.kind.is_expression()]
    if '=' not in text:
        return var, text, None
    init = inits[-1] if inits else None
    if init is None or not constant(init):
        return None
    return var, text, init


def sole_inner(stmt, var):
    """The one block inside an if that alone names |var|; None when there is no such."""
    if stmt.kind != K.IF_STMT:
        return None
    kids = list(stmt.get_children())
    naming = [k for k in kids if refers(k, var)]
    if len(naming) != 1 or naming[0] == kids[0]:
        return None
    if naming[0].kind == K.COMPOUND_STMT:
        return naming[0]
    return sole_inner(naming[0], var) if naming[0].kind == K.IF_STMT else None


def assigned(f, stmt, var):
    """The text of the value when |stmt| does nothing but give |var| its value."""
    if stmt.kind != K.BINARY_OPERATOR:
        return None
    left, right = list(stmt.get_children())
    if left.kind != K.DECL_REF_EXPR or left.referenced != var or refers(right, var):
        return None
    text = f.text(stmt.extent.start.offset, stmt.extent.end.offset)
    match = re.match(r'^' + re.escape(var.spelling) + r'\s*=(?!=)\s*', text)
    return None if match is None else text[match.end():]


def for_value(f, stmt, var, later):
    if stmt.kind != K.FOR_STMT or any(refers(s, var) for s in later):
        return None
    first = next(stmt.get_children())
    value = assigned(f, first, var)
    return None if value is None else (first, value)


def escapes(node, var):
    """Whether what outlives an inner block may point to |var|."""
    if var.type.get_canonical().kind.name in ('RECORD', 'CONSTANTARRAY', 'ELABORATED'):
        return True
    return any(n.kind == K.UNARY_OPERATOR and n.type.get_canonical().kind.name == 'POINTER' and refers(n, var)
               for n in walk(node))


def place(f, children, at, var):
    """(statement, later siblings) where |var| is first named, inside ifs where it is only there."""
    for j in range(at, len(children)):
        if refers(children[j], var):
            later = children[j + 1:]
            inner = None
            if not any(refers(s, var) for s in later) and not escapes(children[j], var):
                inner = sole_inner(children[j], var)
            if inner is not None:
                kids = list(inner.get_children())
                if kids and not any(k.kind in LABELS for k in kids) and \
                   f.data[inner.extent.start.offset:inner.extent.start.offset + 1] == b'{':
                    found = place(f, kids, 0, var)
                    return None if found is None else (found[0], found[1], True)
            return children[j], later, False
    return None


def move(f, findings):
    taken = set()
    for block, children in f.blocks():
        for i, stmt in enumerate(children):
            if stmt.kind != K.DECL_STMT:
                continue
            got = single(f, stmt)
            if got is None:
                continue
            var, text, init = got
            found = place(f, children, i + 1, var)
            if found is None:
                continue
            target, later, inside = found
            between = children[i + 1:children.index(target)] if target in children else [None]
            declared = text[:text.index('=')].rstrip() if init is not None else text.rstrip(';').rstrip()
            value = assigned(f, target, var)
            loop = for_value(f, target, var, later)
            start = target.extent.start.offset
            if value is None and loop is None and not between:
                continue  # already where it is used
            if value is None and loop is None and not inside and \
               all(b is not None and b.kind == K.DECL_STMT and single(f, b) is not None and
                   refers(target, list(b.get_children())[0]) for b in between):
                continue  # one of a group that the same statement uses
            if start in taken or f.text(f.line_start(start), start).strip():
                if value is not None or loop is not None or f.text(f.line_start(start), start).strip():
                    continue
            findings.append((f.path, stmt.extent.start.line, var.spelling))
            line0 = f.line_start(stmt.extent.start.offset)
            line1 = f.line_end(stmt.extent.end.offset)
            tail = f.text(stmt.extent.end.offset, line1).strip().lstrip(';').strip()
            f.edits.append((line0, line1, b''))
            if value is not None:
                taken.add(start)
                end = target.extent.end.offset
                f.edits.append((start, end, (declared + ' = ' + value).encode()))
                if tail:
                    f.edits.append((f.line_start(start), f.line_start(start), (tail + '\n').encode()))
            elif loop is not None:
                taken.add(start)
                first, what = loop
                f.edits.append((first.extent.start.offset, first.extent.end.offset,
                                (declared + ' = ' + what).encode()))
            else:
                where = f.line_start(start)
                whole = text if text.endswith(';') else text + ';'
                f.edits.append((where, where, (whole + (' ' + tail if tail else '') + '\n').encode()))


def blanks(f, findings):
    for block, children in f.blocks():
        for child in children[:-1]:
            if child.kind != K.DECL_STMT:
                break
            end = f.line_end(child.extent.end.offset)
            after = f.line_end(end)
            if f.data[end:after].strip() == b'':
                findings.append((f.path, child.extent.end.line + 1, 'blank line'))
                f.edits.append((end, after, b''))


def sizes(f, findings):
    text = f.data.decode()
    for m in re.finditer(r'\bsizeof\(', text):
        depth, i = 1, m.end()
        while depth:
            depth += {'(': 1, ')': -1}.get(text[i], 0)
            i += 1
        inner = text[m.end():i - 1]
        if TYPE.match(inner) or not re.match(r'^[*&]*[a-zA-Z_][\w.\->\[\]]*$', inner):
            continue
        line = text.count('\n', 0, m.start()) + 1
        start_of_line = text.rfind('\n', 0, m.start()) + 1
        if '#define' in text[start_of_line:m.start()] or text[:start_of_line].endswith('\\\n'):
            continue  # a macro's argument keeps its parentheses
        findings.append((f.path, line, 'sizeof(' + inner + ')'))
        start = len(text[:m.start()].encode())
        f.edits.append((start, len(text[:i].encode()), ('sizeof ' + inner).encode()))


def apply(f):
    data = f.data
    order = sorted(enumerate(f.edits), key=lambda e: (e[1][0], e[1][1], e[0]), reverse=True)
    low = len(data) + 1
    for _, (start, end, new) in order:
        if end > low:
            raise SystemExit(f'{f.path}: edits meet')
        data = data[:start] + new + data[end:]
        low = start
    open(f.path, 'wb').write(data)


def arguments(build):
    out = {}
    for entry in json.load(open(os.path.join(build, 'compile_commands.json'))):
        words = entry['command'].split()
        args, skip = [], False
        for w in words:
            if skip:
                args.append(w)
                skip = False
            elif w in ('-isystem', '-I'):
                args.append(w)
                skip = True
            elif w.startswith(('-I', '-D')) and 'FORTIFY' not in w:
                args.append(w.replace('\\"', '"'))
        out[entry['file']] = args + ['-std=c17', '-ferror-limit=0']
    return out


def main():
    check = sys.argv[1] == '--check'
    words = sys.argv[2:] if check else sys.argv[1:]
    args = arguments(words[0])
    index = Index.create()
    bad = 0
    for name in words[1:]:
        path = os.path.abspath(name)
        unit = File(path, args.get(path, ['-std=c17']), index) if check else None
        for step in (sizes, move, blanks) if check else (sizes, move, move, move, blanks):
            f = unit or File(path, args.get(path, ['-std=c17']), index)
            errors = [d for d in f.unit.diagnostics if d.severity >= 3]
            if errors:
                raise SystemExit(f'{name}: {errors[0]}')
            findings = []
            step(f, findings)
            bad += len(findings)
            if check:
                for where, line, what in findings:
                    print(f'{os.path.relpath(where)}:{line}: {what} [{step.__name__}]')
            elif f.edits:
                apply(f)
    return 1 if check and bad else 0


if __name__ == '__main__':
    sys.exit(main())
