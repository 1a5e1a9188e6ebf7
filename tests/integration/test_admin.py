"""`swissphoto admin`: the operator's way to accounts when nobody can log in."""
import itertools
import subprocess

import pytest

from instance import build_folder

INVALID = 65  # the exit code of what no other try makes right
numbers = itertools.count()


def run(*words):
    return subprocess.run([build_folder() / 'apps/swissphoto', 'admin', *words], capture_output=True, text=True, timeout=30)


@pytest.fixture
def operate(stack):
    return lambda *words: run(*words, '--data', stack.data)


def test_a_password_is_reset(operate, owner, nobody):
    done = operate('reset-password', owner.email.upper())
    assert done.returncode == 0, done.stderr
    password = done.stdout.strip()
    assert len(password) == 20 and password not in done.stderr
    assert owner.client.get('/api/users/me').status == 401
    assert nobody.post('/api/auth/login', {'email': owner.email, 'password': 'correct horse'}).status == 401
    assert nobody.log_in(owner.email, password).get('/api/users/me').json()['shouldChangePassword'] is True


def test_the_right_is_given_and_taken(operate, owner):
    assert operate('grant', owner.email).returncode == 0
    assert owner.client.get('/api/users/me').json()['isAdmin'] is True
    assert operate('revoke', owner.email).returncode == 0
    assert owner.client.get('/api/users/me').json()['isAdmin'] is False


def test_the_last_administrator_stays_one(operate, admin):
    done = operate('revoke', admin.email)
    assert done.returncode == INVALID and 'last administrator' in done.stderr
    assert admin.client.get('/api/users/me').json()['isAdmin'] is True


def test_users_are_listed(operate, admin, owner, stack):
    stack.sql("update user_account set name = E'a\\tb\\x1b[31m\\u009bc' where id = %s", owner.id)
    lines = operate('list-users').stdout.splitlines()
    assert f'{admin.email}\tadmin\tactive\tAda Admin' in lines
    assert f'{owner.email}\tuser\tactive\ta?b?[31m??c' in lines
    stack.sql("update user_account set name = 'u' where id = %s", owner.id)


@pytest.mark.parametrize('words', [[], ['fly'], ['grant'], ['list-users', 'x'], ['grant', 'a@example.ch', 'b@example.ch']])
def test_usage(words, operate):
    done = operate(*words)
    assert done.returncode == INVALID and 'usage: swissphoto admin ACTION' in done.stderr


def test_an_address_that_nobody_has(operate):
    for action in ('grant', 'revoke', 'reset-password'):
        done = operate(action, 'nobody@example.ch')
        assert done.returncode == INVALID and 'nobody@example.ch' in done.stderr and not done.stdout


def test_an_instance_that_does_not_run(tmp_path):
    done = run('list-users', '--data', tmp_path)
    assert done.returncode not in (0, INVALID) and 'must run' in done.stderr
    assert run('list-users', '--data', tmp_path / 'missing').returncode == INVALID


def test_an_external_database(stack):
    done = run('list-users', '--database-url', f'host={stack.data}/run user=swissphoto dbname=swissphoto')
    assert done.returncode == 0 and 'admin' in done.stdout
