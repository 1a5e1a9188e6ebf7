"""tools/gen_sql.py: what it makes of a query, that its C compiles, and everything it refuses. One PostgreSQL for all."""
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tools'))

import gen_sql  # noqa: E402

SCHEMA = '''-- "Things", and \\ what's in them: ??) /* no comment in C */
create table thing (
  id uuid primary key default gen_random_uuid(),
  name text not null check (name <> '??(' and name <> E'\\n'),
  note text, flag boolean not null default false, small integer not null default 0, large bigint not null default 0,
  real4 real, real8 double precision not null default 0, made timestamptz not null default now(), seen timestamp,
  born date, data bytea, extra jsonb not null default '{}', plain json, code varchar(9),
  tags text[] not null default '{}', others uuid[], odd inet, numbers int8[], pieces bytea[]
);
create table part (id uuid primary key, thing_id uuid not null references thing, label text not null);
create view shown as select id, name from thing;
'''

EVERYTHING = '''-- Opening words of the file.

-- Reads all of it */ nicely,
-- /* with care.
-- name: thing_all :many
select id, name, note, flag, small, large, real4, real8, made, seen, born, data, extra, plain, code, tags, others from thing

-- name: thing_get :one
select name, tags from thing where id = :id

-- name: thing_find :maybe_one
select id, born, note as "note!", small as "small?" from thing where name = :name and note is not distinct from :note?

-- name: thing_each :stream
select id, seen from thing where large > :over

-- name: thing_each_part :stream
select name, tags, born from thing

-- name: thing_add :exec
insert into thing (id, name, note, flag, small, large, real4, real8, made, seen, born, data, extra, plain, code, tags,
                   others, numbers, pieces)
values (:id, :name, :note?, :flag, :small, :large, :real4?, :real8, :made, :seen?, :born?, :data?, :extra, :plain?,
        :code?, :tags, :others?, :numbers?, :pieces?)

-- name: thing_tell :exec
select pg_notify('thing', :name)

-- name: thing_drop :exec_rows
delete from thing where id = any(:ids::uuid[]) and (:flag?::bool is null or flag = :flag?) and small = :small?::int4
   and large = :large?::int8 -- a comment with :nothing and an ' in it
   and name <> 'a:b ''"\\ ??) -- no comment' and name <> "code"::text;
'''

databases = itertools.count(1)


@pytest.fixture(scope='module')
def server():
    process = subprocess.Popen([ROOT / 'tools/with_postgres.sh', 'sh', '-c', 'echo "$SWISSPHOTO_TEST_DATABASE"; exec cat'],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    conninfo = process.stdout.readline().strip()
    if not conninfo and process.wait() == 77:
        pytest.skip('no PostgreSQL server is installed')
    assert conninfo
    yield conninfo
    process.stdin.close()
    assert process.wait() == 0


@pytest.fixture
def database(server):
    name = f'generated_{next(databases)}'
    postgres = gen_sql.Postgres(server)
    postgres.execute(f'create database {name} strategy file_copy', 'test')
    postgres.close()
    return f'{server} dbname={name}'


@pytest.fixture
def tree(tmp_path):
    (tmp_path / 'db/migrations').mkdir(parents=True)
    (tmp_path / 'db/queries').mkdir()
    (tmp_path / 'db/migrations/0001_things.sql').write_text(SCHEMA)
    return tmp_path


def generate(tree, database, text, name='thing.sql'):
    (tree / 'db/queries' / name).write_text(text)
    return gen_sql.generate(tree, database)


def run(tree, database, *options):
    """The program itself, inside the server that is running."""
    return subprocess.run([sys.executable, ROOT / 'tools/gen_sql.py', '--inside', '--root', tree, *options], text=True,
                          capture_output=True, env={**os.environ, 'SWISSPHOTO_TEST_DATABASE': database})


def function(code, name):
    return re.search(r'^struct sp_err \*q_' + name + r'\(.*?^}', code, re.DOTALL | re.MULTILINE).group()


def row(header, name):
    return re.search(r'struct q_' + name + r'_row {\n(.*?)}', header, re.DOTALL).group(1).split('\n')[:-1]


def test_the_committed_output_is_current():
    result = subprocess.run([sys.executable, ROOT / 'tools/gen_sql.py', '--check'], capture_output=True, text=True)
    if result.returncode == 77:
        pytest.skip('no PostgreSQL server is installed')
    assert result.returncode == 0, result.stderr


# ---- what it makes ----

def test_what_it_makes_of_every_kind_and_type_compiles(tree, database):
    compiler = shutil.which('cc') or pytest.skip('no C compiler')
    (tree / 'gen/db').mkdir(parents=True)
    for name, text in generate(tree, database, EVERYTHING).items():
        (tree / 'gen/db' / name).write_text(text)
    for name in ('thing.c', 'migrations.c'):
        result = subprocess.run([compiler, '-fsyntax-only', '-std=gnu11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Wshadow',
                                 '-Werror', '-Wno-unused-parameter', f'-I{tree}', f'-I{ROOT}/src', tree / 'gen/db' / name],
                                capture_output=True, text=True)
        assert result.returncode == 0, result.stderr


def test_signatures(tree, database):
    header = generate(tree, database, EVERYTHING)['thing.h']
    for line in (
            '/* Reads all of it * / nicely,\n * / * with care. */\n'
            'SP_MUST_CHECK struct sp_err *q_thing_all(struct sp_op *op, struct db_conn *db, struct q_thing_all_rows *ret_rows);',
            'q_thing_get(struct sp_op *op, struct db_conn *db, const struct sp_uuid *id, struct q_thing_get_row **ret_row);',
            'q_thing_find(struct sp_op *op, struct db_conn *db, const char *name, const char *note, '
            'struct q_thing_find_row **ret_row);',
            'q_thing_each(struct sp_op *op, struct db_conn *db, int64_t over, '
            'struct sp_err *(*each)(void *context, const struct q_thing_each_row *row), void *context);',
            'q_thing_add(struct sp_op *op, struct db_conn *db, const struct q_thing_add_in *in);',
            'q_thing_tell(struct sp_op *op, struct db_conn *db, const char *name);',
            'q_thing_drop(struct sp_op *op, struct db_conn *db, const struct q_thing_drop_in *in, int64_t *ret_count);'):
        assert line in header
    assert 'Opening words' not in header
    assert row(header, 'thing_all') == [f'    {field};' for field in (
        'struct sp_uuid id', 'const char *name', 'const char *note', 'bool flag', 'int32_t small', 'int64_t large',
        'struct sp_opt_f64 real4', 'double real8', 'sp_time_ms made', 'struct sp_opt_time seen', 'const char *born',
        'struct sp_bytes data', 'const char *extra', 'const char *plain', 'const char *code', 'struct sp_text_list tags',
        'struct sp_uuid_list others')]
    assert '    struct sp_opt_i32 small;' in row(header, 'thing_find')
    assert all(f'    {field};' in header for field in ('struct sp_opt_bool flag', 'struct sp_opt_i64 large',
                                                       'struct sp_i64_list numbers', 'struct sp_bytes_list pieces'))


def test_bodies(tree, database):
    code = generate(tree, database, EVERYTHING)['thing.c']
    assert '{"note", 25, true}, {"small", 23, false}' in function(code, 'thing_find')
    assert 'if (db_row_count(result) == 0)\n        return NULL;' in function(code, 'thing_find')
    assert 'if (db_row_count(result) != 1)\n        return sp_fail_internal' in function(code, 'thing_get')
    assert '*ret_count = db_affected(result);' in function(code, 'thing_drop')
    assert 'return db_stream(op, db, &stmt, &args, stream_thing_each_row, &stream);' in function(code, 'thing_each')
    put = function(code, 'thing_drop')
    assert 'if (in->flag.set)\n        db_put_bool(&args, in->flag.value);\n    else\n        db_put_null(&args);' in put
    assert 'db_put_uuid(&args, &in->id);' in function(code, 'thing_add')


def test_the_statement_is_what_was_written(tree, database):
    put = function(generate(tree, database, EVERYTHING)['thing.c'], 'thing_drop')
    assert r'''"delete from thing where id = any($1::uuid[]) and ($2::bool is null or flag = $2) and small = $3::int4 ''' \
           r'''and large = $4::int8  and name <> 'a:b ''\"\\ ?\?) -- no comment' and name <> \"code\"::text", 4, 0, NULL''' in put


def test_migrations_are_kept_to_the_letter(tree, database):
    compiler = shutil.which('cc') or pytest.skip('no C compiler')
    (tree / 'gen/db').mkdir(parents=True)
    for name, text in generate(tree, database, EVERYTHING).items():
        (tree / 'gen/db' / name).write_text(text)
    (tree / 'print.c').write_text('#include <stdio.h>\n#include "gen/db/migrations.h"\nint main(void)\n{\n'
                                  '    printf("%zu %d %s\\n%s", db_migration_count, db_migrations[0].version,\n'
                                  '           db_migrations[0].name, db_migrations[0].sql);\n}\n')
    subprocess.run([compiler, f'-I{tree}', f'-I{ROOT}/src', '-o', tree / 'print', tree / 'print.c',
                    tree / 'gen/db/migrations.c'], check=True)
    printed = subprocess.run([tree / 'print'], capture_output=True, text=True, check=True).stdout
    assert printed == '1 1 0001_things\n' + SCHEMA


# ---- NULL ----

@pytest.fixture(scope='module')
def described(server):
    """A connection with the schema, to ask which columns of one statement are never NULL."""
    postgres = gen_sql.Postgres(server)
    postgres.execute('create schema described; set search_path = described;' + SCHEMA, 'test')

    def never_null(sql):
        query = gen_sql.Query(f'query_{next(databases)}', 'many', [], sql, 'test')
        postgres.describe(query)
        return ''.join(str(int(not_null)) for _, _, not_null in query.columns)
    yield never_null
    postgres.close()


@pytest.mark.parametrize('sql, never_null', [
    ('select name, note, name || note, count(*) from thing group by 1, 2', '1000'),
    ('insert into thing (name) values (:name) returning id, note', '10'),
    ('select t.name, p.label from thing t join part p on p.thing_id = t.id', '11'),
    ('select t.name, p.label from thing t left join part p on p.thing_id = t.id', '10'),
    ('select t.name, p.label from thing t LEFT  OUTER\n JOIN part p on p.thing_id = t.id', '10'),
    ('select t.name, p.label from thing t left join described.part p on p.thing_id = t.id', '10'),
    ('select t.name, p.label from thing t left join "part" p on p.thing_id = t.id', '10'),
    ('select t.name, p.label from thing t left join only part p on p.thing_id = t.id', '10'),
    ('select t.name, p.label from part p right join thing t on p.thing_id = t.id', '00'),
    ('select t.name, p.label from part p full join thing t on p.thing_id = t.id', '00'),
    ('select t.name, p.label from thing t left join (select label from part) p on true', '00'),
    ('select t.name, p.label from thing t left join lateral (select label from part) p on true', '00'),
    ('with p as (select label from part) select t.name, p.label from thing t left join p on true', '00'),
    ('with p(l) as materialized (select label from part) select t.name, p.l from thing t left join p on true', '00'),
    ('select t.name, p.label, o.name from thing t left join part p join thing o on o.id = p.thing_id on t.id = o.id', '000'),
    ('with p as (select label from part) select t.name, p.label from thing t join p on true', '11'),
    ('select name from thing union all select label from part', '0'),
    ('select name, small from thing group by rollup (name, small)', '00'),
    ('select (select label from part limit 1), name from thing', '01'),
    ('select name from shown', '0'),
    ("select p.label, 'left join part' from part p", '10'),
])
def test_what_may_be_null(described, sql, never_null):
    assert described(sql) == never_null


# ---- what it refuses ----

ONE = '-- name: a :many\nselect name from thing where id = :id\n'
TEXT_REFUSED = [
    ('-- name: a :some\nselect 1', ':1: expected'),
    ('-- name: A :one\nselect 1', ':1: expected'),
    ('-- name: a\nselect 1', ':1: expected'),
    ('-- name: a :one \nselect 1', ':1: expected'),
    ('\n\nselect 1', ':3: a statement without'),
    ('-- name: a :one\n\n-- name: b :one\nselect 1', ':1: the query a is empty'),
    ('-- words\n\n', 'no query in it'),
    (ONE + '-- left over', 'a comment below the last query'),
    ('-- name: a :one\nselect $1::text as x', 'a parameter without a name'),
    ('-- name: a :one\nselect $$x$$ as x', 'cannot read'),
    ('-- name: a :one\nselect $tag$x$tag$ as x', 'cannot read'),
    ("-- name: a :one\nselect E'x' as x", 'cannot read'),
    ('-- name: a :one\nselect /* x */ 1 as x', 'cannot read'),
    ('-- name: a :one\nselect tags[1:2] as x from thing', 'a colon that begins no parameter'),
    ('-- name: a :one\nselect :Name::text as x', 'a colon that begins no parameter'),
    ('-- name: a :one\nselect :x::text as x, :x?::text as y', 'writes both :x and :x?'),
    *[(f'-- name: a :one\nselect :{name}::text as x', f"'{name}' cannot be the name of a parameter")
      for name in ('for', 'op', 'db', 'in', 'true', 'linux', 'args', 'row', 'context', 'ret_rows')],
    ('-- name: a :one\nselect ' + ' || '.join(f':p{i}::text' for i in range(41)) + ' as x', 'more than 40 parameters'),
]
SERVER_REFUSED = [
    ('-- name: a :one\nselect nothing from thing', 'column "nothing" does not exist'),
    ('-- name: a :exec\ndelete from thing; delete from part', 'multiple commands'),
    ('-- name: a :exec\nselect name from thing', 'columns that nobody reads'),
    ('-- name: a :exec_rows\ndelete from thing returning id', 'columns that nobody reads'),
    ('-- name: a :many\ndelete from thing', 'returns no columns'),
    ("-- name: a :one\nselect pg_notify('a', 'b')", 'returns no columns'),
    ('-- name: a :one\nselect odd from thing', 'column odd has a type (oid 869)'),
    ('-- name: a :one\nselect name from thing where odd = :odd', 'parameter odd has a type (oid 869)'),
    ('-- name: a :one\nselect numbers from thing', 'a column cannot be a i64_list'),
    ('-- name: a :one\nselect pieces from thing', 'a column cannot be a bytes_list'),
    ('-- name: a :one\nselect 1', "the column '?column?' needs a name of its own"),
    ('-- name: a :one\nselect name, note as name from thing', "the column 'name' needs a name of its own"),
    ('-- name: a :one\nselect name as "name!", name as "name?" from thing', "the column 'name?' needs"),
    ('-- name: a :one\nselect name as "Name" from thing', "the column 'Name' needs a name of its own"),
    ('-- name: a :one\nselect name as "int" from thing', "the column 'int' needs a name of its own"),
    ('-- name: a :one\nselect $Q$ :x $Q$ as x', 'the server sees 0 parameters, the text has 1'),
    (ONE + ONE, 'a is also in db/queries/thing.sql:1'),
]


@pytest.mark.parametrize('text, message', TEXT_REFUSED)
def test_text_that_is_refused(tree, text, message):
    path = tree / 'db/queries/thing.sql'
    path.write_text(text)
    with pytest.raises(gen_sql.Refused, match=re.escape(message)) as refused:
        gen_sql.parse_file(tree, path)
    assert str(refused.value).startswith('db/queries/thing.sql:')


def test_what_the_server_or_its_answer_refuses(tree, database):
    reset = gen_sql.Postgres(database)
    for text, message in SERVER_REFUSED:
        with pytest.raises(gen_sql.Refused, match=re.escape(message)) as refused:
            generate(tree, database, text)
        assert re.match(r'db/queries/thing.sql:\d+: ', str(refused.value))
        reset.execute('drop schema public cascade; create schema public', 'test')
    reset.close()


def test_files_that_are_refused(tree, database):
    path = tree / 'db/queries/Other-thing.sql'
    path.write_text(ONE)
    with pytest.raises(gen_sql.Refused, match='cannot be the name of a header'):
        gen_sql.generate(tree, database)
    path.rename(tree / 'db/queries/migrations.sql')
    with pytest.raises(gen_sql.Refused, match='cannot be the name of a header'):
        gen_sql.describe_all(tree, Silent())
    with pytest.raises(gen_sql.Refused, match='cannot connect'):
        gen_sql.generate(tree, 'host=/nowhere')


class Silent:
    def execute(self, *_):
        pass


@pytest.mark.parametrize('name, text, message', [
    ('0003_gap.sql', 'select 1', 'expected a name like 0002_words.sql'),
    ('0001_twice.sql', 'select 1', 'expected a name like 0002_words.sql'),
    ('0002-words.sql', 'select 1', 'expected a name like 0002_words.sql'),
    ('0002_Words.sql', 'select 1', 'expected a name like 0002_words.sql'),
    ('0002_empty.sql', ' \n', '0002_empty.sql: it is empty'),
])
def test_migrations_that_are_refused(tree, name, text, message):
    (tree / 'db/migrations' / name).write_text(text)
    with pytest.raises(gen_sql.Refused, match=message):
        gen_sql.migrations(tree)


def test_a_migration_that_fails_is_named(tree, database):
    (tree / 'db/migrations/0002_wrong.sql').write_text('create table thing ()')
    with pytest.raises(gen_sql.Refused, match='^db/migrations/0002_wrong.sql: .*already exists'):
        generate(tree, database, ONE)


# ---- the program ----

def test_drift_is_found_in_both_directions_and_mended(tree, server):
    def again(*options):
        name = f'generated_{next(databases)}'
        postgres = gen_sql.Postgres(server)
        postgres.execute(f'create database {name} strategy file_copy', 'test')
        postgres.close()
        return run(tree, f'{server} dbname={name}', *options)
    source = tree / 'db/queries/thing.sql'
    source.write_text(ONE)
    assert again('--check').returncode == 1 and not (tree / 'gen').exists()
    assert again().returncode == 0
    assert again('--check').returncode == 0
    source.write_text(ONE.replace('name from', 'note from'))
    (tree / 'gen/db/old.h').write_text('left over')
    stale = again('--check')
    assert stale.returncode == 1 and stale.stderr.endswith(': old.h, thing.c, thing.h\n')
    assert again().returncode == 0 and not (tree / 'gen/db/old.h').exists()
    assert again('--check').returncode == 0
    source.write_text('-- name: a :one\nselect nothing')
    before = (tree / 'gen/db/thing.c').read_text()
    refused = again()
    assert refused.returncode == 1 and refused.stderr.startswith('gen_sql: db/queries/thing.sql:1: ')
    assert (tree / 'gen/db/thing.c').read_text() == before
