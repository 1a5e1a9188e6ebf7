#!/usr/bin/python3
"""Checks the shape of the C sources: who includes whom, what is banned, how large things grow. Run by `make check`.

    tools/check_layers.py                  every rule over src/, apps/, gen/ and the C files of tests/
    tools/check_layers.py --build build    also asks ldd that no program of BUILD but the decoder links a codec

The layers stand in tools/layers.txt, the layers of the programs in apps/meson.build, the exceptions in
tools/layers_exceptions.txt as `path | rule | reason`. An exception that nothing needs any more is an error too.
Prints one line a finding, `path:line: rule: what`, and exits 1 when there is one.
"""
import argparse
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

FILE_LINES_MAX = 600
HEADER_LINES_MAX = 150
FUNCTION_LINES_MAX = 60  # from the first line of its signature to its closing brace
NESTING_MAX = 4          # control statements within each other

# Headers that a library of pkg-config stands for.
LIBRARY_HEADERS = {
    'libcrypto': r'openssl/', 'libsodium': r'sodium\.h$', 'yyjson': r'yyjson\.h$', 'libseccomp': r'seccomp\.h$',
    'libpq': r'libpq-fe\.h$', 'hiredis': r'hiredis/', 'libmicrohttpd': r'microhttpd\.h$', 'zlib': r'zlib\.h$',
    'libzstd': r'zstd\.h$', 'vips': r'vips/|(glib|gmodule|glib-object)\.h$',
    'gexiv2': r'gexiv2/|glib\.h$',
}
# What every layer may include: the C library and the kernel.
SYSTEM_HEADERS = re.compile(
    r'(assert|ctype|dirent|dlfcn|endian|errno|fcntl|float|getopt|grp|iconv|inttypes|iso646|langinfo|limits|link|locale|malloc|math|'
    r'netdb|poll|pthread|pwd|sched|semaphore|setjmp|signal|spawn|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|'
    r'stdlib|string|strings|syslog|threads|time|ucontext|unistd|wchar|'
    r'(arpa|linux|net|netinet|sanitizer|sys)/[a-z0-9_]+)\.h$')

HEAP = 'malloc calloc realloc reallocarray free strdup strndup asprintf vasprintf aligned_alloc posix_memalign'
BANNED = {name: 'memory comes from the operation (sp_alloc) or from base/heap.h' for name in HEAP.split()} | {
    'strcpy': 'unbounded', 'stpcpy': 'unbounded', 'strcat': 'unbounded', 'strncpy': 'may leave no NUL',
    'strncat': 'its bound is not the size', 'sprintf': 'unbounded', 'vsprintf': 'unbounded', 'gets': 'unbounded',
    'scanf': 'unbounded', 'sscanf': 'undefined on overflow', 'fscanf': 'undefined on overflow', 'alloca': 'unbounded stack',
    'strtok': 'not thread-safe', 'localtime': 'not thread-safe', 'gmtime': 'not thread-safe', 'asctime': 'not thread-safe',
    'ctime': 'not thread-safe', 'readdir_r': 'deprecated', 'atoi': 'no errors', 'atol': 'no errors', 'atoll': 'no errors',
    'atof': 'no errors', 'system': 'runs a shell', 'popen': 'runs a shell', 'mktemp': 'races', 'tmpnam': 'races',
    'tempnam': 'races', 'rand': 'not random', 'srand': 'not random', 'random': 'not random', 'drand48': 'not random',
    'sleep': 'wait for a condition', 'usleep': 'wait for a condition', 'setjmp': 'skips cleanups', 'longjmp': 'skips cleanups',
    'creat': 'without O_CLOEXEC', 'accept': 'use accept4', 'pipe': 'use pipe2', 'dup': 'use fcntl F_DUPFD_CLOEXEC',
    'epoll_create': 'use epoll_create1', 'inotify_init': 'use inotify_init1',
}
HEAP_NAMES = set(HEAP.split())
BANNED_IN_TESTS = set('sleep usleep system popen gets mktemp tmpnam tempnam'.split())
# Calls that must name a flag with CLOEXEC among their arguments.
CLOEXEC = set('open openat open64 socket socketpair accept4 pipe2 dup3 memfd_create eventfd signalfd timerfd_create '
              'epoll_create1 inotify_init1 mkostemp'.split())
CODECS = re.compile(r'lib(vips|heif|de265|aom|dav1d|avcodec|avformat|avutil|swscale|exif|gexiv2|exiv2|raw(_r)?|jpeg|turbojpeg|'
                    r'png(16)?|webp(mux|demux)?|tiff|gif|openjp2|jxl|MagickCore[^ ]*|MagickWand[^ ]*|poppler[^ ]*|'
                    r'openslide|rsvg-2)[-.0-9A-Za-z]*\.so')


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    rule: str
    text: str

    def __str__(self):
        return f'{self.path}:{self.line}: {self.rule}: {self.text}'


@dataclass(frozen=True)
class Token:
    text: str
    line: int


@dataclass
class Function:
    name: str
    first_line: int
    last_line: int
    nesting: int


@dataclass
class Source:
    """One file, scanned: tokens without comments and directives, the directives' tokens apart."""
    text: str
    tokens: list = field(default_factory=list)
    macro_tokens: list = field(default_factory=list)
    includes: list = field(default_factory=list)  # (line, '<' or '"', name)
    comments: list = field(default_factory=list)  # (line, text)


LEXER = re.compile(r'''
    (?P<comment>/\*.*?\*/|//(?:\\\n|[^\n])*)
  | (?P<directive>(?:(?<=\n)|\A)[ \t]*\#(?:\\\n|/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|[^\n])*)
  | (?P<string>(?:u8|[uUL])?"(?:\\.|[^"\\\n])*")
  | (?P<char>[uUL]?'(?:\\.|[^'\\\n])+')
  | (?P<word>[A-Za-z_]\w*)
  | (?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)
  | (?P<space>(?:\s|\\\n)+)
  | (?P<punct>->|\.\.\.|[^\w\s])
''', re.VERBOSE | re.DOTALL)


def scan(text, first_line=1):
    """Splits C into tokens. Raises ValueError where it is not C."""
    source, position, line = Source(text), 0, first_line
    while position < len(text):
        match = LEXER.match(text, position)
        if not match:
            raise ValueError(f'line {line}: not C: {text[position:position + 20]!r}')
        kind, value = match.lastgroup, match.group()
        if kind == 'comment':
            source.comments.append((line, value))
        elif kind == 'directive':
            scan_directive(source, value, line)
        elif kind != 'space':
            source.tokens.append(Token(value, line))
        line += value.count('\n')
        position = match.end()
    return source


def scan_directive(source, value, line):
    include = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', value)
    if include:
        source.includes.append((line, include.group(1), include.group(2)))
        return
    define = re.match(r'\s*#\s*define\s+\w+', value)
    if define:
        body = scan(value[define.end():], line)
        source.macro_tokens += body.tokens
        source.comments += body.comments


def matching(tokens, start):
    """The index of the bracket that closes the one at start."""
    pairs, stack = {'(': ')', '[': ']', '{': '}'}, []
    for i in range(start, len(tokens)):
        text = tokens[i].text
        if text in pairs:
            stack.append(pairs[text])
        elif stack and text == stack[-1]:
            stack.pop()
            if not stack:
                return i
        elif text in pairs.values():
            break
    raise ValueError(f'line {tokens[start].line}: {tokens[start].text} is not closed')


class Nesting:
    """How deep control statements stand within each other in one function body."""

    def __init__(self, tokens):
        self.tokens = tokens
        self.deepest = 0

    def text(self, i):
        return self.tokens[i].text if i < len(self.tokens) else ''

    def block(self, i, depth):
        end = matching(self.tokens, i)
        i += 1
        while i < end:
            i = self.statement(i, depth)
        return end + 1

    def control(self, i, depth):
        self.deepest = max(self.deepest, depth + 1)
        return self.statement(i, depth + 1)

    def statement(self, i, depth):
        text = self.text(i)
        if text == '{':
            return self.block(i, depth)
        if text in ('for', 'while', 'switch'):
            return self.control(matching(self.tokens, i + 1) + 1, depth)
        if text == 'if':
            i = self.control(matching(self.tokens, i + 1) + 1, depth)
            if self.text(i) != 'else':
                return i
            return self.statement(i + 1, depth) if self.text(i + 1) == 'if' else self.control(i + 1, depth)
        if text == 'do':
            i = self.control(i + 1, depth)  # stands before `while (…);`
            return self.simple(i + 1)
        if text in ('case', 'default'):
            return self.label(i)
        if re.match(r'[A-Za-z_]', text) and self.text(i + 1) == ':':
            return i + 2
        if re.match(r'[A-Za-z_]', text) and self.text(i + 1) == '(':
            after = matching(self.tokens, i + 1) + 1
            if self.text(after) == '{':  # a macro that is a loop
                return self.control(after, depth)
        return self.simple(i)

    def label(self, i):
        while self.text(i) != ':':
            if self.text(i) == '':
                raise ValueError('a case without a colon')
            i += 1
        return i + 1

    def simple(self, i):
        while self.text(i) not in (';', ''):
            i = matching(self.tokens, i) + 1 if self.text(i) in '([{' else i + 1
        return i + 1


def function_name(head):
    """The name if these tokens, followed by {, begin a function; else None."""
    if not head or head[-1].text != ')':
        return None
    name, i = None, 0
    while i < len(head):
        if head[i].text == '=':
            return None
        if head[i].text == '(':
            if i > 0 and re.match(r'[A-Za-z_]', head[i - 1].text) and head[i - 1].text != '__attribute__':
                name = head[i - 1].text
            i = matching(head, i)
        i += 1
    return name


def functions(tokens):
    """Every function that is defined at the file's top level."""
    found, start, i = [], 0, 0
    while i < len(tokens):
        text = tokens[i].text
        if text == '{':
            end = matching(tokens, i)
            name = function_name(tokens[start:i])
            if name:
                nesting = Nesting(tokens[i:end + 1])
                nesting.block(0, 0)
                found.append(Function(name, tokens[start].line, tokens[end].line, nesting.deepest))
                start = end + 1
            i = end
        elif text in '([':
            i = matching(tokens, i)
        elif text == ';':
            start = i + 1
        elif text in ')]}':
            raise ValueError(f'line {tokens[i].line}: {text} closes nothing')
        i += 1
    return found


@dataclass
class Layer:
    name: str
    folder: str
    may: set
    libraries: set


def read_layers(text):
    layers = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith('#'):
            name, folder, below, libraries = (column.strip() for column in line.split('|'))
            for layer in below.split():
                if layer not in layers:
                    raise ValueError(f'layers.txt: {name} names {layer}, which does not stand below it')
            layers[name] = Layer(name, folder, set(below.split()) | {name}, set(libraries.split()))
    return layers


def read_apps(text):
    """The tables app_layers and app_libraries of apps/meson.build."""
    def table(name):
        body = re.search(name + r' = \{(.*?)\n\}', text, re.DOTALL)
        rows = re.findall(r"'([\w-]+)': \[([^\]]*)\]", body.group(1)) if body else []
        return {app: set(re.findall(r"'([\w-]+)'", items)) for app, items in rows}
    libraries = table('app_libraries')
    return {app: Layer(app, 'apps/' + app, may, libraries.get(app, set())) for app, may in table('app_layers').items()}


def include_prefixes(layers):
    """How a layer's folder is written in an include: src/base is base/, gen/db is gen/db/."""
    return {re.sub('^src/', '', layer.folder) + '/': layer for layer in layers.values()}


def check_include(owner, prefixes, quote, name):
    """What is wrong with this include of a file of owner, or None."""
    if quote == '<':
        if SYSTEM_HEADERS.match(name):
            return None
        for library, pattern in LIBRARY_HEADERS.items():
            if re.match(pattern, name) and library in owner.libraries:
                return None
        known = [library for library, pattern in LIBRARY_HEADERS.items() if re.match(pattern, name)]
        return f'<{name}> is of {known[0]}, which {owner.name} does not use' if known else f'<{name}> is of no known library'
    if owner.folder.startswith('apps/') and name.startswith(owner.folder[len('apps/'):] + '/'):
        return None
    folder = name.rsplit('/', 1)[0] + '/' if '/' in name else ''
    layer = prefixes.get(folder)
    if not layer:
        return f'"{name}" names no layer; write "layer/file.h"'
    if layer.name not in owner.may:
        return f'{owner.name} may not see {layer.name}: "{name}"'
    if name.endswith('_state.h') and layer.name != owner.name:
        return f'"{name}" is private to {layer.name}'
    return None


def check_text(path, source):
    lines = source.text.count('\n')
    limit = HEADER_LINES_MAX if path.endswith('.h') else FILE_LINES_MAX
    if lines > limit:
        yield Finding(path, lines, 'file-length', f'{lines} lines, at most {limit}')
    if not re.match(r'\s*(/\*|//)', source.text):
        yield Finding(path, 1, 'first-comment', 'begins without a comment that says what it is')
    for line, comment in source.comments:
        if re.search(r'\b(TODO|FIXME|XXX|HACK)\b', comment):
            yield Finding(path, line, 'todo', 'what is left to do belongs into an issue')


def check_functions(path, source):
    for function in functions(source.tokens):
        length = function.last_line - function.first_line + 1
        if length > FUNCTION_LINES_MAX:
            yield Finding(path, function.first_line, 'function-length',
                          f'{function.name} has {length} lines, at most {FUNCTION_LINES_MAX}')
        if function.nesting > NESTING_MAX:
            yield Finding(path, function.first_line, 'nesting',
                          f'{function.name} nests {function.nesting} deep, at most {NESTING_MAX}')


def is_declaration(tokens, i):
    """Whether the name at i is being declared (`void free(…)` or `.free = `) and not called."""
    before = tokens[i - 1].text if i else ';'
    return before in ('.', '->', '*') or (re.match(r'[A-Za-z_]', before) and before not in ('return', 'else', 'do', 'case'))


def check_calls(path, tokens, owner):
    banned = set(BANNED) if owner else BANNED_IN_TESTS
    if owner and owner.name == 'base':
        banned -= HEAP_NAMES
    for i in range(len(tokens) - 1):
        name = tokens[i].text
        if tokens[i + 1].text != '(' or is_declaration(tokens, i):
            continue
        if name in banned:
            yield Finding(path, tokens[i].line, 'banned', f'{name}(): {BANNED[name]}')
        if owner and name in CLOEXEC:
            arguments = tokens[i + 2:matching(tokens, i + 1)]
            if not any('CLOEXEC' in token.text for token in arguments):
                yield Finding(path, tokens[i].line, 'cloexec', f'{name}() without CLOEXEC')


def check_own_header(path, source, root):
    header = root / (path[:-2] + '.h')
    if path.endswith('.c') and header.exists():
        own = re.sub('^(src|apps)/', '', path[:-2] + '.h')
        if not source.includes or source.includes[0][2] != own:
            yield Finding(path, 1, 'own-header', f'includes "{own}" not first')


def check_file(root, path, owner, prefixes):
    """Every finding in one file; owner is its layer or program, None in tests."""
    text = (root / path).read_text()
    try:
        source = scan(text)
        yield from check_calls(path, source.tokens, owner)
        yield from check_calls(path, source.macro_tokens, owner)
        if not path.startswith('gen/'):
            yield from check_text(path, source)
            yield from check_functions(path, source)
    except ValueError as error:
        yield Finding(path, 1, 'scan', str(error))
        return
    if owner:
        yield from check_own_header(path, source, root)
        for line, quote, name in source.includes:
            wrong = check_include(owner, prefixes, quote, name)
            if wrong:
                yield Finding(path, line, 'include', wrong)


def read_exceptions(text):
    exceptions = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith('#'):
            columns = [column.strip() for column in line.split('|')]
            if len(columns) != 3 or not all(columns):
                raise ValueError(f'layers_exceptions.txt:{number}: write `path | rule | reason`')
            exceptions[columns[0], columns[1]] = number
    return exceptions


def check_tree(root):
    layers = read_layers((root / 'tools/layers.txt').read_text())
    owners = list(layers.values()) + list(read_apps((root / 'apps/meson.build').read_text()).values())
    by_folder = {owner.folder: owner for owner in owners}
    prefixes = include_prefixes(layers)
    findings = []
    for top in ('src', 'apps', 'gen', 'tests'):
        for file in sorted((root / top).rglob('*.[ch]')):
            path = file.relative_to(root).as_posix()
            owner = by_folder.get(path.rsplit('/', 1)[0])
            if not owner and top != 'tests':
                findings.append(Finding(path, 1, 'layer', 'lies in no layer of tools/layers.txt'))
            findings += check_file(root, path, owner, prefixes)
    listed = root / 'tools/layers_exceptions.txt'
    exceptions = read_exceptions(listed.read_text()) if listed.exists() else {}
    used = {(finding.path, finding.rule) for finding in findings}
    for key, number in exceptions.items():
        if key not in used:
            findings.append(Finding('tools/layers_exceptions.txt', number, 'exception', f'{key[0]} needs no {key[1]}'))
    return [finding for finding in findings if (finding.path, finding.rule) not in exceptions]


def linked_codecs(program):
    """The codec libraries that ldd names, however deep."""
    listing = subprocess.run(['ldd', program], capture_output=True, text=True, check=True).stdout
    return sorted({match.group() for match in CODECS.finditer(listing)})


def check_programs(build):
    programs = sorted(path for path in (build / 'apps').glob('*/*') if path.is_file() and path.name == path.parent.name)
    programs += sorted(path for path in (build / 'apps').glob('swissphoto*') if path.is_file())
    if not programs:
        yield Finding(str(build), 1, 'codec', 'no program was built here')
    for program in programs:
        codecs = linked_codecs(program)
        if program.name == 'swissphoto-decode' and not codecs:
            yield Finding(str(program), 1, 'codec', 'links no codec: the pattern of this check is blind')
        elif program.name != 'swissphoto-decode' and codecs:
            yield Finding(str(program), 1, 'codec', 'links ' + ' '.join(codecs))


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--root', type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument('--build', type=Path, help='a build folder whose programs are asked for codecs')
    options = parser.parse_args(arguments)
    findings = check_tree(options.root)
    if options.build:
        findings += check_programs(options.build)
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
