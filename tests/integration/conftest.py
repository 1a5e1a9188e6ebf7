"""The instance that the integration tests share, its people, and what is asked at the end of a run.

Every request of a Client goes into a journal. test_replies.py runs last and asks of it: does every reply fit the types
of the SDK, and was every built route called?
"""
import collections
import pathlib
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from client import Client, Journal  # noqa: E402
from instance import Instance  # noqa: E402

# Whoever runs the tests under nohup ignores this; what they start would, too, and some of them are about it.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

LAST = 'test_replies.py'
User = collections.namedtuple('User', 'id email client')


def pytest_collection_modifyitems(session, config, items):
    items.sort(key=lambda item: item.path.name == LAST)
    here = pathlib.Path(__file__).parent
    collected = {item.path.name for item in items if item.path.parent == here}
    narrowed = config.option.keyword or config.option.markexpr or any('::' in argument for argument in config.args)
    config.is_whole_run = not narrowed and collected >= {path.name for path in here.glob('test_*.py')}


@pytest.fixture(scope='session')
def journal(tmp_path_factory):
    return Journal(tmp_path_factory.mktemp('journal') / 'replies.jsonl')


@pytest.fixture(scope='session')
def stack():
    """The shared instance: nobody has signed up yet."""
    instance = Instance()
    try:
        yield instance.start()
        code = instance.stop()
        assert code == 0, f'swissphoto up ended with {code}'
    finally:
        instance.destroy()


@pytest.fixture(autouse=True)
def fresh_limits(request):
    """All tests ask from one address, whose wrong passwords are counted."""
    if 'stack' in request.fixturenames:
        request.getfixturevalue('stack').forget_attempts()


@pytest.fixture(scope='session')
def nobody(stack, journal):
    """A client without credentials."""
    return Client(stack, journal)


@pytest.fixture(scope='session')
def sign_up(nobody):
    """The reply of the one sign-up, and the same once more."""
    body = {'email': 'Admin@Example.ch', 'password': 'correct horse', 'name': 'Ada Admin'}
    before = nobody.get('/api/server/config').json()
    return before, nobody.post('/api/auth/admin-sign-up', body), nobody.post('/api/auth/admin-sign-up', body)


@pytest.fixture(scope='session')
def admin(sign_up, nobody):
    client = nobody.log_in('admin@example.ch', 'correct horse')
    return User(sign_up[1].json()['id'], 'admin@example.ch', client)


@pytest.fixture(scope='session')
def new_user(stack, admin, nobody):
    """A function that makes another user, who has the administrator's password, and logs them in."""
    def make(name):
        email = f'{name.lower()}@example.ch'
        (user_id,), = stack.sql(
            '''insert into user_account (email, name, password_hash)
               select %s, %s, password_hash from user_account where id = %s returning id::text''', email, name, admin.id)
        return User(user_id, email, nobody.log_in(email, 'correct horse'))
    return make


@pytest.fixture(scope='session')
def other_user(new_user):
    """Somebody who is neither the owner of anything of the tests nor an administrator."""
    return new_user('Otto')


@pytest.fixture
def owner(new_user, request):
    """A user of this test alone, with nothing stored yet."""
    return new_user(f'u{abs(hash(request.node.nodeid)):x}')


@pytest.fixture(scope='module')
def keeper(new_user, request):
    """A user of this file's tests."""
    return new_user(f'keeper-{request.module.__name__}')
