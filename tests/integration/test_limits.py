"""Guessing passwords and PINs ends after ten wrong ones in a quarter of an hour, for an account and for an address."""
import concurrent.futures
import itertools
import re

import pytest

from client import Client
from instance import Instance, wait_until

PASSWORD = 'correct horse'
WINDOW_SECONDS = 15 * 60
numbers = itertools.count(1)


class Guarded:
    """An instance behind a proxy that it trusts, so that a test has an address of its own."""

    def __init__(self, journal, *options):
        self.instance = Instance('--trusted-proxies', '127.0.0.1', *options).start()
        self.nobody = Client(self.instance, journal)
        body = {'email': 'admin@example.ch', 'password': PASSWORD, 'name': 'Ada'}
        assert self.nobody.post('/api/auth/admin-sign-up', body).status == 201

    def log_in(self, email, password, address):
        return self.nobody.post('/api/auth/login', {'email': email, 'password': password},
                                headers={'X-Forwarded-For': address})

    def account(self):
        """The address of a new account."""
        email = f'guarded{next(numbers)}@example.ch'
        self.instance.sql('''insert into user_account (email, name, password_hash)
                             select %s, 'G', password_hash from user_account where email = 'admin@example.ch' ''', email)
        return email


@pytest.fixture(scope='module')
def guarded(journal):
    guarded = Guarded(journal)
    try:
        yield guarded
        assert guarded.instance.stop() == 0
    finally:
        guarded.instance.destroy()


@pytest.fixture
def address():
    """An address that asks for the first time."""
    return f'192.0.2.{next(numbers)}'


def other_addresses():
    return (f'198.51.{next(numbers)}.1' for _ in itertools.count())


def is_throttled(reply):
    assert reply.status != 429 or 0 < int(reply.headers['Retry-After']) <= WINDOW_SECONDS
    return reply.status == 429


def test_an_account_is_guarded_wherever_they_come_from(guarded, address):
    email, addresses = guarded.account(), other_addresses()
    for _ in range(10):
        assert guarded.log_in(email, 'wrong', next(addresses)).status == 401
    refused = guarded.log_in(email, PASSWORD, next(addresses))
    assert is_throttled(refused) and re.search(r'Try again in 1[45] minutes', refused.message)
    assert is_throttled(guarded.log_in(email.upper(), PASSWORD, next(addresses)))
    assert guarded.log_in(guarded.account(), PASSWORD, address).status == 201


def test_an_account_that_is_not_there_is_guarded_the_same(guarded):
    email, addresses = f'nobody{next(numbers)}@example.ch', other_addresses()
    statuses = [guarded.log_in(email, 'wrong', next(addresses)).status for _ in range(12)]
    assert statuses == [401] * 10 + [429] * 2


def test_an_address_is_guarded_whoever_they_try(guarded, address):
    for _ in range(10):
        assert guarded.log_in(guarded.account(), 'wrong', address).status == 401
    email = guarded.account()
    assert is_throttled(guarded.log_in(email, PASSWORD, address))
    assert guarded.log_in(email, PASSWORD, next(other_addresses())).status == 201


def test_a_household_of_ipv6_is_one_address(guarded):
    for number in range(10):
        assert guarded.log_in(guarded.account(), 'wrong', f'2001:db8:0:7::{number}').status == 401
    email = guarded.account()
    assert is_throttled(guarded.log_in(email, PASSWORD, '2001:db8:0:7:1::1'))
    assert guarded.log_in(email, PASSWORD, '2001:db8:0:8::1').status == 201


def test_what_was_right_is_not_counted(guarded, address):
    email = guarded.account()
    for _ in range(12):
        assert guarded.log_in(email, PASSWORD, address).status == 201
    for _ in range(9):
        assert guarded.log_in(email, 'wrong', address).status == 401
    assert guarded.log_in(email, PASSWORD, address).status == 201


def test_many_at_once_are_no_more_guesses(guarded):
    email, addresses = guarded.account(), other_addresses()
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda address: guarded.log_in(email, 'wrong', address), [next(addresses) for _ in range(40)]))
    assert sorted(reply.status for reply in replies) == [401] * 10 + [429] * 30


def test_a_quarter_of_an_hour_later_it_goes_on(guarded):
    email, addresses = guarded.account(), other_addresses()
    for _ in range(10):
        guarded.log_in(email, 'wrong', next(addresses))
    assert is_throttled(guarded.log_in(email, PASSWORD, next(addresses)))
    guarded.instance.redis('EVAL', f"""for _, key in ipairs(redis.call('KEYS', '*:attempts:*')) do
        for _, event in ipairs(redis.call('ZRANGE', key, 0, -1)) do redis.call('ZINCRBY', key, -{WINDOW_SECONDS * 1000}, event) end
    end""", 0)
    assert guarded.log_in(email, PASSWORD, next(addresses)).status == 201


def test_redis_holds_no_address_of_an_account_and_forgets(guarded, address):
    email = guarded.account()
    guarded.log_in(email, 'wrong', address)
    keys = guarded.instance.redis('KEYS', '*:attempts:*').decode()
    assert address in keys and email not in keys
    for key in re.findall(r'swissphoto:\S+', keys):
        milliseconds = int(guarded.instance.redis('PTTL', key)[1:])
        assert 0 < milliseconds <= WINDOW_SECONDS * 1000


def test_pins_and_passwords_of_who_is_logged_in_are_counted_apart(guarded):
    email, addresses = guarded.account(), other_addresses()
    token = guarded.log_in(email, PASSWORD, next(addresses)).json()['accessToken']
    client = guarded.nobody.as_session(token)

    def ask(method, path, body):
        return client.call(method, path, body, headers={'X-Forwarded-For': next(addresses)})
    assert ask('POST', '/api/auth/pin-code', {'pinCode': '1234'}).status == 204
    calls = itertools.cycle([('POST', '/api/auth/session/unlock', {'pinCode': '0000'}),
                             ('PUT', '/api/auth/pin-code', {'pinCode': '0000', 'newPinCode': '1111'}),
                             ('DELETE', '/api/auth/pin-code', {'pinCode': '0000'})])
    for _ in range(10):
        assert ask(*next(calls)).message == 'Wrong PIN'
    for _ in range(3):
        assert is_throttled(ask(*next(calls)))
    assert is_throttled(ask('POST', '/api/auth/session/unlock', {'pinCode': '1234'}))
    assert ask('POST', '/api/auth/session/unlock', {'password': PASSWORD}).status == 204

    change = ('POST', '/api/auth/change-password', {'password': 'wrong', 'newPassword': 'battery staple'})
    for _ in range(10):
        assert ask(*change).message == 'Wrong password'
    assert is_throttled(ask('POST', '/api/auth/change-password', {'password': PASSWORD, 'newPassword': 'battery staple'}))
    assert is_throttled(guarded.log_in(email, PASSWORD, next(addresses)))


def test_without_redis_people_log_in_and_the_log_says_so_once(journal, tmp_path):
    guarded = Guarded(journal, '--redis-url', f'unix://{tmp_path}/nobody-listens.sock')
    try:
        email = guarded.account()
        assert {guarded.log_in(email, 'wrong', '192.0.2.1').status for _ in range(15)} == {401}
        assert guarded.log_in(email, PASSWORD, '192.0.2.1').status == 201
        said = wait_until(lambda: re.findall('wrong passwords are not counted', guarded.instance.log()), 'the log')
        assert len(said) == 1
    finally:
        guarded.instance.destroy()


def test_counting_goes_on_when_redis_is_back(journal):
    guarded = Guarded(journal)
    try:
        email = guarded.account()
        assert guarded.log_in(email, 'wrong', '192.0.2.1').status == 401
        guarded.instance.kill('valkey-server' if guarded.instance.pid_of('valkey-server') else 'redis-server')
        wait_until(lambda: guarded.log_in(email, 'wrong', '192.0.2.1').status == 429, 'the limit')
        assert guarded.instance.stop() == 0
    finally:
        guarded.instance.destroy()
