#!/usr/bin/python3
"""gen_sql.py [--check] [--root DIR]: DIR/db/migrations and DIR/db/queries -> DIR/gen/db.

Starts a throw-away PostgreSQL (tools/with_postgres.sh), applies the migrations, prepares every query and writes typed
C functions from what the server says of parameters and columns. A query that the server refuses, or that uses a type
or an annotation unknown here, stops the generator with file and line. --check writes nothing and fails on a difference.
"""
import argparse
import ctypes
import hashlib
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
KINDS = ("one", "maybe_one", "many", "stream", "exec", "exec_rows")
ARGUMENTS_MAX = 3  # more parameters become a struct
PARAMETERS_MAX = 40  # DB_PARAMS_MAX of src/db/stmt.h

# oid -> (what it is, C type, C type when it may be NULL)
SCALARS = {
    16: ("bool", "bool", "struct sp_opt_bool"),
    23: ("i32", "int32_t", "struct sp_opt_i32"),
    20: ("i64", "int64_t", "struct sp_opt_i64"),
    700: ("f64", "double", "struct sp_opt_f64"),
    701: ("f64", "double", "struct sp_opt_f64"),
    1114: ("time", "sp_time_ms", "struct sp_opt_time"),
    1184: ("time", "sp_time_ms", "struct sp_opt_time"),
    2950: ("uuid", "struct sp_uuid", "struct sp_opt_uuid"),
}
POINTERS = {  # NULL is in the type itself
    25: ("text", "const char *"),
    1043: ("text", "const char *"),
    3802: ("jsonb", "const char *"),
    114: ("text", "const char *"),
    1082: ("date", "const char *"),
    17: ("bytes", "struct sp_bytes"),
    1009: ("text_list", "struct sp_text_list"),
    2951: ("uuid_list", "struct sp_uuid_list"),
    1016: ("i64_list", "struct sp_i64_list"),
    1001: ("bytes_list", "struct sp_bytes_list"),
}
COLUMN_ONLY_UNSUPPORTED = ("i64_list", "bytes_list")
FALLIBLE = ("date", "text_list", "uuid_list")  # reading allocates
VOID = 2278  # what pg_notify returns
RESERVED = set("""auto bool break case char const continue default do double else enum extern float for goto if inline int
long register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while op db
in asm typeof true false unix linux""".split())
# What the functions that are written call their own.
LOCALS = set("args columns context each i result ret_count ret_row ret_rows row rows stmt stream".split())
# What the scanner of parameters would misread.
UNREADABLE = re.compile(r"/\*|\$\$|\$[a-z]|\b[eE]'")


class Refused(Exception):
    pass


class Query:
    def __init__(self, name, kind, doc, sql, place):
        self.name, self.kind, self.doc, self.place = name, kind, doc, place
        self.params, self.nullable_params, self.plain_params = [], set(), set()
        self.sql = self.number_parameters(sql)
        self.types, self.columns, self.checks = [], [], []

    def number_parameters(self, sql):
        """:name and :name? become $1, $2 ... ; casts (::) and what is in quotes stay as they are, comments go."""
        out = []
        if UNREADABLE.search(sql):
            raise Refused(f"{self.place}: {self.name} uses $$, E'' or a block comment, which the generator cannot read")
        for token in re.split(r"""('(?:[^']|'')*'|"[^"]*"|::\s*\w+|--[^\n]*)""", sql):
            if token.startswith("--"):
                continue
            if token.startswith(("'", '"', "::")):
                out.append(token)
                continue
            if re.search(r"\$\d", token):
                raise Refused(f"{self.place}: {self.name} has a parameter without a name; write :name")
            token = re.sub(r"(?<![\w\]]):([a-z_][a-z0-9_]*)(\?)?", self.number_one, re.sub(r"\s+", " ", token))
            if ":" in token:
                raise Refused(f"{self.place}: {self.name} has a colon that begins no parameter")
            out.append(token)
        for name in self.nullable_params & self.plain_params:
            raise Refused(f"{self.place}: {self.name} writes both :{name} and :{name}?; choose one")
        if len(self.params) > PARAMETERS_MAX:
            raise Refused(f"{self.place}: {self.name} has more than {PARAMETERS_MAX} parameters")
        return "".join(out).strip().rstrip(";")

    def number_one(self, match):
        name = match.group(1)
        if name in RESERVED | LOCALS:
            raise Refused(f"{self.place}: '{name}' cannot be the name of a parameter in C")
        if name not in self.params:
            self.params.append(name)
        (self.nullable_params if match.group(2) else self.plain_params).add(name)
        return "$%d" % (self.params.index(name) + 1)

    def outer_tables(self):
        """The tables whose columns a join may fill with NULL; None: any column may be."""
        text = re.sub(r"'(?:[^']|'')*'", "''", self.sql).lower()
        if re.search(r"\b(right|full)\s+(outer\s+)?join\b|\bleft\s+(outer\s+)?join\s+(lateral\s*)?\(|"
                     r"\b(rollup|cube|grouping\s+sets)\b|"
                     r"\bleft\s+(outer\s+)?join\b(?:(?!\bon\b|\busing\b).)*?\bjoin\b", text, re.DOTALL):
            return None
        tables = set(re.findall(r'\bleft\s+(?:outer\s+)?join\s+(?:only\s+)?(?:"?\w+"?\s*\.\s*)?"?(\w+)', text))
        # the columns of a WITH query are those of its tables
        is_with = any(re.search(rf"\b{table}\s*(\([^)]*\)\s*)?as\s+(not\s+)?(materialized\s*)?\(", text) for table in tables)
        return None if is_with else tables


def parse_file(root, path):
    """The queries of a file, in order. The comment lines above a name become its documentation."""
    queries, doc, body, head = [], [], [], None

    def finish():
        if head:
            sql = "\n".join(body).strip()
            if not sql:
                raise Refused(f"{head[2]}: the query {head[0]} is empty")
            queries.append(Query(head[0], head[1], head[3], sql, head[2]))

    for number, line in enumerate(path.read_text().splitlines(), 1):
        place = f"{path.relative_to(root)}:{number}"
        if line.startswith("-- name:"):
            match = re.fullmatch(r"-- name: ([a-z][a-z0-9_]*) :([a-z_]+)", line)
            if not match or match.group(2) not in KINDS:
                raise Refused(f"{place}: expected '-- name: x :kind' with a kind of {', '.join(KINDS)}")
            finish()
            head, doc, body = (match.group(1), match.group(2), place, doc), [], []
        elif line.startswith("--"):
            doc.append(line[2:].strip())
        elif line.strip():
            if not head:
                raise Refused(f"{place}: a statement without '-- name:' above it")
            body.extend([] if not doc else ["-- " + d for d in doc])
            doc = []
            body.append(line)
        elif not body and not head:
            doc = []  # the file's own opening comment
    if doc:
        raise Refused(f"{path.relative_to(root)}: a comment below the last query belongs to nothing")
    finish()
    if not queries:
        raise Refused(f"{path.relative_to(root)}: no query in it")
    return queries


class Postgres:
    """As much of libpq as describing statements takes."""

    def __init__(self, conninfo):
        self.pq = ctypes.CDLL("libpq.so.5")
        for name in ("PQconnectdb", "PQexec", "PQprepare", "PQdescribePrepared"):
            getattr(self.pq, name).restype = ctypes.c_void_p
        for name in ("PQerrorMessage", "PQfname", "PQgetvalue"):
            getattr(self.pq, name).restype = ctypes.c_char_p
        for name in ("PQparamtype", "PQftype", "PQftable"):
            getattr(self.pq, name).restype = ctypes.c_uint
        self.conn = ctypes.c_void_p(self.pq.PQconnectdb(conninfo.encode()))
        if self.pq.PQstatus(self.conn) != 0:
            raise Refused("cannot connect: " + self.error())

    def close(self):
        self.pq.PQfinish(self.conn)

    def error(self):
        return self.pq.PQerrorMessage(self.conn).decode().strip()

    def check(self, result, place):
        result = ctypes.c_void_p(result)
        if self.pq.PQresultStatus(result) not in (1, 2):
            raise Refused(f"{place}: {self.error()}")
        return result

    def execute(self, sql, place):
        return self.check(self.pq.PQexec(self.conn, sql.encode()), place)

    def rows(self, sql, place, width):
        result = self.execute(sql, place)
        return [[self.pq.PQgetvalue(result, row, column).decode() for column in range(width)]
                for row in range(self.pq.PQntuples(result))]

    def describe(self, query):
        name = query.name.encode()
        self.check(self.pq.PQprepare(self.conn, name, query.sql.encode(), 0, None), query.place)
        result = self.check(self.pq.PQdescribePrepared(self.conn, name), query.place)
        if has_rows(query) != any(self.pq.PQftype(result, i) != VOID for i in range(self.pq.PQnfields(result))):
            raise Refused(f"{query.place}: {query.name} is :{query.kind} and returns "
                          + ("no columns" if has_rows(query) else "columns that nobody reads"))
        query.types = [self.pq.PQparamtype(result, i) for i in range(self.pq.PQnparams(result))]
        for i in range(self.pq.PQnfields(result)):
            label = self.pq.PQfname(result, i).decode()
            table, number = self.pq.PQftable(result, i), self.pq.PQftablecol(result, i)
            query.columns.append((label, self.pq.PQftype(result, i), self.not_null(query, table, number)))

    def not_null(self, query, table, number):
        """Whether this comes straight from a NOT NULL column, and of a table that no outer join fills with NULL."""
        outer = query.outer_tables()
        if table == 0 or number == 0 or outer is None:
            return False
        sql = ("select a.attnotnull, c.relname from pg_attribute a join pg_class c on c.oid = a.attrelid "
               f"where a.attrelid = {table} and a.attnum = {number}")
        is_not_null, table_name = self.rows(sql, "pg_attribute", 2)[0]
        return is_not_null == "t" and table_name not in outer


def c_type(oid, nullable, place, what):
    if oid in SCALARS:
        return SCALARS[oid][2 if nullable else 1]
    if oid in POINTERS:
        return POINTERS[oid][1]
    raise Refused(f"{place}: {what} has a type (oid {oid}) that the generator does not know; cast it")


def declare(ctype, name):
    return f"{ctype}{name}" if ctype.endswith("*") else f"{ctype} {name}"


def column_list(query):
    """(name, kind, C type, nullable) of each column; 'x!' is never NULL, 'x?' may be."""
    columns, seen = [], set()
    for label, oid, not_null in query.columns:
        nullable = label.endswith("?") or not (not_null or label.endswith("!"))
        name = label.rstrip("!?")
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in seen or name in RESERVED:
            raise Refused(f"{query.place}: the column '{label}' needs a name of its own")
        seen.add(name)
        ctype = c_type(oid, nullable, query.place, f"column {name}")
        kind = (SCALARS.get(oid) or POINTERS[oid])[0]
        if kind in COLUMN_ONLY_UNSUPPORTED:
            raise Refused(f"{query.place}: a column cannot be a {kind}")
        columns.append((name, kind, ctype, nullable and oid in SCALARS))
        query.checks.append(f'{{"{name}", {oid}, {str(not nullable).lower()}}}')
    return columns


def parameter_list(query):
    if len(query.types) != len(query.params):
        raise Refused(f"{query.place}: the server sees {len(query.types)} parameters, the text has {len(query.params)}")
    return [(name, (SCALARS.get(oid) or POINTERS.get(oid) or ("?",))[0],
             c_type(oid, name in query.nullable_params, query.place, f"parameter {name}"), name in query.nullable_params)
            for name, oid in zip(query.params, query.types)]


def argument(kind, ctype, nullable, name):
    if kind == "uuid":
        return f"const struct sp_uuid *{name}"
    return declare(ctype, name)


def put_call(kind, nullable, name, in_struct):
    value = f"in->{name}" if in_struct else name
    if kind == "uuid":
        if not in_struct:
            return f"db_put_uuid(&args, {value});"
        return f"db_put_uuid(&args, {value}.set ? &{value}.value : NULL);" if nullable else f"db_put_uuid(&args, &{value});"
    if nullable and kind in ("bool", "i32", "i64", "f64", "time"):
        return f"if ({value}.set)\n        db_put_{kind}(&args, {value}.value);\n    else\n        db_put_null(&args);"
    return f"db_put_{kind}(&args, {value});"


def has_rows(query):
    return query.kind in ("one", "maybe_one", "many", "stream")


def signature(query, params):
    parts = ["struct sp_op *op", "struct db_conn *db"]
    if len(params) > ARGUMENTS_MAX:
        parts.append(f"const struct q_{query.name}_in *in")
    else:
        parts += [argument(kind, ctype, nullable, name) for name, kind, ctype, nullable in params]
    row = f"struct q_{query.name}_row"
    parts += {"one": [f"{row} **ret_row"], "maybe_one": [f"{row} **ret_row"],
              "many": [f"struct q_{query.name}_rows *ret_rows"], "exec": [], "exec_rows": ["int64_t *ret_count"],
              "stream": [f"struct sp_err *(*each)(void *context, const {row} *row)", "void *context"]}[query.kind]
    return f"struct sp_err *q_{query.name}({', '.join(parts)})"


def write_header(query, params, columns, out):
    if len(params) > ARGUMENTS_MAX:
        out.append(f"struct q_{query.name}_in {{")
        out += [f"    {declare(ctype, name)};" for name, _, ctype, _ in params]
        out.append("};")
    if has_rows(query):
        out.append(f"struct q_{query.name}_row {{")
        out += [f"    {declare(ctype, name)};" for name, _, ctype, _ in columns]
        out.append("};")
    if query.kind == "many":
        out.append(f"struct q_{query.name}_rows {{\n    struct q_{query.name}_row *items;\n    size_t count;\n}};")
    doc = query.doc + (["A row lives until each returns, which must not use db."] if query.kind == "stream" else [])
    if doc:
        out.append("/* " + "\n * ".join(doc).replace("*/", "* /").replace("/*", "/ *") + " */")
    out.append(f"SP_MUST_CHECK {signature(query, params)};\n")


def c_string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("??", "?\\?") + '"'


def read_column(index, name, kind, nullable):
    if kind in FALLIBLE:
        return f"    SP_TRY(db_get_{kind}(op, result, i, {index}, &row->{name}));"
    if nullable:
        return (f"    if (!db_is_null(result, i, {index})) {{\n        row->{name}.set = true;\n"
                f"        row->{name}.value = db_get_{kind}(result, i, {index});\n    }}")
    return f"    row->{name} = db_get_{kind}(result, i, {index});"


def write_reader(query, columns, out):
    fallible = any(kind in FALLIBLE for _, kind, _, _ in columns)
    row = f"struct q_{query.name}_row"
    if fallible:
        out.append(f"static struct sp_err *read_{query.name}(struct sp_op *op, const struct db_result *result, size_t i, {row} *row)\n{{")
    else:
        out.append(f"static void read_{query.name}(const struct db_result *result, size_t i, {row} *row)\n{{")
    out += [read_column(index, name, kind, nullable) for index, (name, kind, _, nullable) in enumerate(columns)]
    out.append("    return NULL;\n}\n" if fallible else "}\n")
    return f"SP_TRY(read_{query.name}(op, result, %s));" if fallible else f"read_{query.name}(result, %s);"


def write_stream(query, read, out):
    """db_stream hands on results, the caller wants rows."""
    name, row = f"stream_{query.name}", f"struct q_{query.name}_row"
    out.append(f"struct {name} {{\n    struct sp_op *op;\n    struct sp_err *(*each)(void *context, const {row} *row);\n"
               f"    void *context;\n}};\n")
    out.append(f"static struct sp_err *{name}_row(void *context, const struct db_result *result)\n{{\n"
               f"    const struct {name} *stream = context;\n    struct sp_op *op = stream->op;\n    {row} row = {{0}};\n"
               f"    (void)op;\n    {read % '0, &row'}\n    return stream->each(stream->context, &row);\n}}\n")


def write_body(query, params, columns, out):
    read = write_reader(query, columns, out) if has_rows(query) else None
    if query.kind == "stream":
        write_stream(query, read, out)
    out.append(signature(query, params) + "\n{")
    if query.checks:
        out.append("    static const struct db_column columns[] = {" + ", ".join(query.checks) + "};")
    out.append(f"    static const struct db_stmt stmt = {{\"{query.name}\",\n        {c_string(query.sql)}, {len(params)}, "
               + (f"{len(query.checks)}, columns}};" if query.checks else "0, NULL};"))
    out.append("    struct db_args args;\n    db_args_init(&args, op);")
    out += ["    " + put_call(kind, nullable, name, len(params) > ARGUMENTS_MAX) for name, kind, _, nullable in params]
    if query.kind == "stream":
        out.append(f"    struct stream_{query.name} stream = {{op, each, context}};\n"
                   f"    return db_stream(op, db, &stmt, &args, stream_{query.name}_row, &stream);\n}}\n")
        return
    out.append("    struct db_result *result;\n    SP_TRY(db_run(op, db, &stmt, &args, &result));")
    if query.kind in ("one", "maybe_one"):
        if query.kind == "one":
            out.append(f"    if (db_row_count(result) != 1)\n        return sp_fail_internal(op, \"{query.name}: %zu rows instead of one\", db_row_count(result));")
        else:
            out.append("    *ret_row = NULL;\n    if (db_row_count(result) == 0)\n        return NULL;")
        out.append(f"    struct q_{query.name}_row *row;\n    SP_NEW(op, row);\n    {read % '0, row'}\n    *ret_row = row;")
    elif query.kind == "many":
        out.append(f"    struct q_{query.name}_rows rows = {{.count = db_row_count(result)}};\n    SP_NEW_ARRAY(op, rows.items, rows.count);\n"
                   f"    for (size_t i = 0; i < rows.count; i++) {{\n        {read % 'i, &rows.items[i]'}\n    }}\n    *ret_rows = rows;")
    elif query.kind == "exec_rows":
        out.append("    *ret_count = db_affected(result);")
    else:
        out.append("    (void)result;")
    out.append("    return NULL;\n}\n")


def generate_file(path, queries):
    stem, source = path.stem, f"db/queries/{path.name}"
    guard = f"GEN_DB_{stem.upper()}_H"
    note = f"/* Generated by tools/gen_sql.py from {source}; do not edit. */"
    header = [note, f"#ifndef {guard}\n#define {guard}\n\n#include \"base/op.h\"\n#include \"base/types.h\"\n\nstruct db_conn;\n"]
    code = [note, f"#include \"gen/db/{stem}.h\"\n\n#include \"db/stmt.h\"\n"]
    for query in queries:
        params, columns = parameter_list(query), column_list(query) if has_rows(query) else []
        write_header(query, params, columns, header)
        write_body(query, params, columns, code)
    header.append("#endif")
    return {f"{stem}.h": "\n".join(header) + "\n", f"{stem}.c": "\n".join(code)}


def migrations(root):
    found = sorted((root / "db" / "migrations").glob("*.sql"))
    for number, path in enumerate(found, 1):
        if not re.fullmatch(r"%04d_[a-z0-9_]+\.sql" % number, path.name):
            raise Refused(f"{path.relative_to(root)}: expected a name like {number:04d}_words.sql, without gaps")
        if not path.read_text().strip():
            raise Refused(f"{path.relative_to(root)}: it is empty")
    return found


def generate_migrations(paths):
    out = ["/* Generated by tools/gen_sql.py from db/migrations; do not edit. */", "#include \"gen/db/migrations.h\"\n",
           "const struct db_migration db_migrations[] = {"]
    for path in paths:
        text = path.read_text()
        lines = "\n".join("        " + c_string(line)[:-1] + "\\n\"" for line in text.splitlines())
        out.append(f"    {{{int(path.name[:4])}, \"{path.stem}\", \"{hashlib.sha256(text.encode()).hexdigest()}\",\n{lines}}},")
    out.append("};\n\nconst size_t db_migration_count = sizeof(db_migrations) / sizeof(db_migrations[0]);\n")
    header = ("/* Generated by tools/gen_sql.py; do not edit. The migrations, for db_migrate (db/db.h). */\n"
              "#ifndef GEN_DB_MIGRATIONS_H\n#define GEN_DB_MIGRATIONS_H\n\n#include \"db/db.h\"\n\n"
              "extern const struct db_migration db_migrations[];\nextern const size_t db_migration_count;\n\n#endif\n")
    return {"migrations.c": "\n".join(out), "migrations.h": header}


def generate(root, conninfo):
    postgres = Postgres(conninfo)
    try:
        return describe_all(root, postgres)
    finally:
        postgres.close()


def describe_all(root, postgres):
    paths = migrations(root)
    for path in paths:
        postgres.execute(path.read_text(), path.relative_to(root))
    output, names = generate_migrations(paths), {}
    for path in sorted((root / "db" / "queries").glob("*.sql")):
        if path.stem == "migrations" or not re.fullmatch(r"[a-z][a-z0-9_]*", path.stem):
            raise Refused(f"{path.relative_to(root)}: '{path.stem}' cannot be the name of a header")
        queries = parse_file(root, path)
        for query in queries:
            if query.name in names:
                raise Refused(f"{query.place}: {query.name} is also in {names[query.name]}")
            names[query.name] = query.place
            postgres.describe(query)
        output.update(generate_file(path, queries))
    return output


def differences(folder, output):
    have = {path.name: path.read_text() for path in folder.glob("*.[ch]")}
    return sorted(name for name in set(have) | set(output) if have.get(name) != output.get(name))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--root", type=pathlib.Path, default=HERE.parent)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)  # of with_postgres.sh, on an empty database
    options = parser.parse_args()
    if not options.inside:
        return subprocess.call([HERE / "with_postgres.sh", sys.executable, *sys.argv, "--inside"])
    try:
        output = generate(options.root, os.environ["SWISSPHOTO_TEST_DATABASE"])
    except Refused as problem:
        print(f"gen_sql: {problem}", file=sys.stderr)
        return 1
    folder = options.root / "gen" / "db"
    changed = differences(folder, output)
    if options.check:
        if changed:
            print("gen_sql: run `make gen`; these differ from their source: " + ", ".join(changed), file=sys.stderr)
        return 1 if changed else 0
    for name in changed:
        if name in output:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(output[name])
        else:
            (folder / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
