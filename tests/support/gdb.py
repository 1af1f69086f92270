"""Pretty-printers for gdb: what Alcove's small structs hold, in words.

    gdb -x tests/support/gdb.py build/dev/bin/alcoved

Ids, hashes, keys and labels are shown in hex, "none" when all zero; spans with their size and
first bytes; enums of the schema and statuses by name, also as plain numbers:

    (gdb) print ask->id
    (gdb) alcove op ask->op
    (gdb) alcove status answer->status
    (gdb) alcove statement statement.type
"""

import gdb
import gdb.printing

HEX_STRUCTS = (
    "hash practice_id chain_label public_key signature member_id device_id chart_id section_id "
    "note_id request_id net_source address_key"
).split()
SPAN_BYTES_SHOWN = 32
# Words of the command `alcove`, with the enum and the prefix that its names share.
ENUMS = {
    "op": ("op", "OP_"),
    "frame": ("frame_kind", "FRAME_"),
    "statement": ("statement_type", "STATEMENT_"),
    "class": ("note_class", "CLASS_"),
    "action": ("action", "ACTION_"),
    "role": ("role", "ROLE_"),
    "status": ("status", "STATUS_"),
}


def in_hex(data):
    return "none" if not any(data) else bytes(data).hex()


class HexPrinter:
    """A struct that is nothing but |bytes|."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        field = self.value["bytes"]
        low, high = field.type.range()
        return in_hex([int(field[i]) for i in range(low, high + 1)])


class SpanPrinter:
    """Borrowed bytes; the pointer of an empty span is not followed."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        size = int(self.value["size"])
        if size == 0:
            return "0 bytes"
        shown = min(size, SPAN_BYTES_SHOWN)
        try:
            data = gdb.selected_inferior().read_memory(int(self.value["data"]), shown)
        except gdb.MemoryError:
            return f"{size} bytes at {self.value['data']}, which cannot be read"
        text = data.tobytes()
        more = "" if shown == size else "..."
        words = text.decode("ascii") if all(32 <= c < 127 for c in text) else None
        return f"{size} bytes: {text.hex()}{more}" + (f' "{words}{more}"' if words else "")


class FieldPrinter(SpanPrinter):
    """A bytes field of a decoded message."""

    def __init__(self, value):
        super().__init__({"size": value["len"], "data": value["data"]})


def printers():
    all_printers = gdb.printing.RegexpCollectionPrettyPrinter("alcove")
    for name in HEX_STRUCTS:
        all_printers.add_printer(name, f"^{name}$", HexPrinter)
    all_printers.add_printer("span", "^span$", SpanPrinter)
    all_printers.add_printer("field", "^(_?ProtobufCBinaryData)$", FieldPrinter)
    return all_printers


class NameCommand(gdb.Command):
    """alcove WHAT EXPRESSION: the name of a number. WHAT: op, frame, statement, class, action,
    role or status."""

    def __init__(self):
        super().__init__("alcove", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        what, _, expression = argument.partition(" ")
        if what not in ENUMS or not expression:
            raise gdb.GdbError(self.__doc__)
        enum, prefix = ENUMS[what]
        number = int(gdb.parse_and_eval(expression))
        for field in gdb.lookup_type(f"enum {enum}").fields():
            if field.enumval == number:
                print(field.name[len(prefix):])
                return
        print(f"?{number}")


gdb.printing.register_pretty_printer(None, printers(), replace=True)
NameCommand()
