#!/usr/bin/python3
"""gen_options.py [--check] [--root FOLDER]: api/options.yaml -> gen/option/options.{h,c} and docs/options.md.

The table is all that is generated; reading flags, environment and file is src/options. Unknown, missing or repeated
keys, defaults that the programs would refuse and text that would break C or Markdown stop the generator. --check writes
nothing and fails on drift.
"""
import argparse
import pathlib
import re
import sys

import yaml

TYPES = ("text", "integer", "boolean", "folder", "url")
PROGRAMS = {"up": "OPTION_UP", "server": "OPTION_SERVER", "worker": "OPTION_WORKER"}
KEYS = {"integer": {"min", "max"}, "boolean": set(), "text": {"max"}, "folder": {"max"}, "url": {"max"}}
KEYS_ALL = {"type", "default", "programs", "doc"}
KEYS_OPTIONAL = {"secret"}
INTEGER_MAX = 2**53 - 1  # exact in JSON and JavaScript, too
TEXT_MAX = 4096
RESERVED = set("""auto bool break case char const continue default do double else enum extern float for goto if inline int
long register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while asm
typeof true false unix linux""".split())


class Refused(Exception):
    """What is wrong, for the person who wrote it."""


class Loader(yaml.SafeLoader):
    """Refuses a key that stands twice, where YAML lets the last one win."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise Refused(f"line {key.start_mark.line + 1}: {key.value} stands twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def check_default(option, require):
    kind, default = option["type"], option["default"]
    if kind == "integer":
        low, high = option["min"], option["max"]
        require(all(type(n) is int and abs(n) <= INTEGER_MAX for n in (low, high)) and low <= high,
                f"min and max are numbers up to {INTEGER_MAX}, min first")
        require(type(default) is int, "the default of an integer is a number")
        require(low <= default <= high, "the default is outside of min and max")
    elif kind == "boolean":
        require(isinstance(default, bool), "the default of a boolean is true or false")
    else:
        require(type(option["max"]) is int and 1 <= option["max"] <= TEXT_MAX, f"max is a length from 1 to {TEXT_MAX} bytes")
        require(isinstance(default, str), "the default of a text is a text")
        require(re.fullmatch(r"[!-~]*", default) and not set(default) & set("|`"), "the default is ASCII without |, ` and spaces")
        require(len(default) <= option["max"], "the default is longer than max")
        require(not option.get("secret") or default == "", "a secret has no default: everybody could read it")


def check(name, option):
    def require(condition, what):
        if not condition:
            raise Refused(f"{name}: {what}")
    require(isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) and len(name) <= 40,
            "a name is kebab-case, at most 40 characters")
    require(name not in RESERVED, "C has this word for itself")
    require(isinstance(option, dict), "it must be a mapping")
    require(option.get("type") in TYPES, f"type is one of {', '.join(TYPES)}")
    needed = KEYS_ALL | KEYS[option["type"]]
    unknown, missing = sorted(set(option) - needed - KEYS_OPTIONAL), sorted(needed - set(option))
    require(not unknown and not missing, f"unknown {unknown}, missing {missing}")
    programs, doc = option["programs"], option["doc"]
    require(isinstance(programs, list) and programs and all(p in PROGRAMS for p in programs)
            and len(set(programs)) == len(programs), f"programs are some of {', '.join(PROGRAMS)}, each once")
    # it becomes a string in C, a cell of a table in Markdown and, with a full stop, a sentence of --help
    require(isinstance(doc, str) and re.fullmatch(r"[ -~]{3,300}", doc) and not set(doc) & set("|<\\") and doc.count("`") % 2 == 0
            and not doc.endswith("."), "doc is one line of ASCII without |, < and \\, backticks in pairs, no full stop at its end")
    require(isinstance(option.get("secret", False), bool), "secret is true or false")
    check_default(option, require)


def read(path):
    source = yaml.load(path.read_text(), Loader)
    if not isinstance(source, dict) or set(source) != {"options"} or not isinstance(source["options"], dict):
        raise Refused("the document has exactly the key options, a mapping")
    for name, option in source["options"].items():
        check(name, option)
    return source["options"]


def field(name):
    return name.replace("-", "_")


def c_text(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("??", "?\\?") + '"'


def default_text(option):
    default = option["default"]
    return str(default).lower() if isinstance(default, bool) else str(default)


def header(options):
    types = {"integer": "int64_t ", "boolean": "bool "}
    fields = "".join(f"    {types.get(o['type'], 'const char *')}{field(n)};\n" for n, o in options.items())
    return ("/* Generated by tools/gen_options.py from api/options.yaml; do not edit. */\n"
            "#ifndef GEN_OPTION_OPTIONS_H\n#define GEN_OPTION_OPTIONS_H\n\n#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n\n"
            "struct options {\n" + fields + "};\n\n"
            "enum option_type { OPTION_TEXT, OPTION_INTEGER, OPTION_BOOLEAN };\n"
            "enum option_program { OPTION_UP = 1, OPTION_SERVER = 2, OPTION_WORKER = 4 };\n\n"
            "struct option_row {\n    const char *name, *environment, *initial, *doc;\n    enum option_type type;\n"
            "    int64_t min, max; /* of an integer; max of a text: its bytes */\n"
            "    size_t at;        /* in struct options */\n    unsigned programs;\n    bool secret; /* its value is never shown */\n};\n"
            "extern const struct option_row option_rows[];\nextern const size_t option_row_count;\n\n#endif\n")


def source(options):
    rows = []
    for name, o in options.items():
        kind = {"integer": "OPTION_INTEGER", "boolean": "OPTION_BOOLEAN"}.get(o["type"], "OPTION_TEXT")
        programs = " | ".join(PROGRAMS[p] for p in o["programs"])
        rows.append(f"    {{{c_text(name)}, {c_text('SWISSPHOTO_' + field(name).upper())}, {c_text(default_text(o))},\n"
                    f"     {c_text(o['doc'])},\n"
                    f"     {kind}, {o.get('min', 0)}, {o.get('max', 0)}, offsetof(struct options, {field(name)}), {programs}, "
                    f"{'true' if o.get('secret') else 'false'}}},\n")
    return ("/* Generated by tools/gen_options.py from api/options.yaml; do not edit. */\n#include \"gen/option/options.h\"\n\n"
            "const struct option_row option_rows[] = {\n" + "".join(rows) +
            "};\nconst size_t option_row_count = sizeof(option_rows) / sizeof(option_rows[0]);\n")


def document(options):
    out = ["# Options", "Generated from `api/options.yaml`. A flag wins over the environment, the environment over the config file, the",
           "file over the default. `swissphoto up` reads its own and hands all of them on to the server and the worker.", "",
           "| flag | environment | default | limits | read by | what it does |", "| --- | --- | --- | --- | --- | --- |"]
    for name, o in options.items():
        limits = f"{o['min']} to {o['max']}" if o["type"] == "integer" else "true, false" if o["type"] == "boolean" else f"{o['max']} bytes"
        out.append(f"| `--{name}` | `SWISSPHOTO_{field(name).upper()}` | {'`' + default_text(o) + '`' if default_text(o) else ''} | {limits} | {', '.join(o['programs'])} | {o['doc']} |")
    return "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, fail on drift")
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    arguments = parser.parse_args()
    root = arguments.root
    try:
        options = read(root / "api" / "options.yaml")
    except (Refused, yaml.YAMLError) as problem:
        print(f"gen_options: api/options.yaml: {problem}", file=sys.stderr)
        return 1
    output = {root / "gen/option/options.h": header(options), root / "gen/option/options.c": source(options),
              root / "docs/options.md": document(options)}
    have = {path: path.read_text() for path in [*(root / "gen/option").glob("*"), root / "docs/options.md"] if path.exists()}
    changed = sorted(path for path in set(have) | set(output) if have.get(path) != output.get(path))
    if arguments.check:
        if changed:
            print("gen_options: run `make gen`; these differ from their source: " +
                  ", ".join(str(path.relative_to(root)) for path in changed), file=sys.stderr)
        return 1 if changed else 0
    for path in changed:
        if path in output:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(output[path])
        else:
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
