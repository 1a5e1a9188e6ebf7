// The instance of a run: the one at SWISSPHOTO_URL, or the built one (SWISSPHOTO_BIN) on a free port with new data.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const START_MS = 60_000
const STOP_MS = 20_000

export default async function instance(): Promise<() => Promise<void>> {
  if (process.env.SWISSPHOTO_URL) return async () => {}
  const program = resolve(process.env.SWISSPHOTO_BIN ?? '../build/apps/swissphoto/swissphoto')
  const data = await mkdtemp(join(tmpdir(), 'swissphoto-e2e-'))
  const port = await freePort()
  const child = spawn(program, ['up', '--data', data, '--port', String(port)], { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = new Promise<string>((done) => {
    child.once('error', (error) => done(error.message))
    child.once('exit', (code, signal) => done(`${program} ended with ${code ?? signal}`))
  })

  const stop = async () => {
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await ended
    clearTimeout(late)
    await rm(data, { recursive: true, force: true })
  }

  process.env.SWISSPHOTO_URL = `http://127.0.0.1:${port}`
  try {
    await Promise.race([answering(process.env.SWISSPHOTO_URL), ended.then((why) => Promise.reject(new Error(why)))])
  } catch (error) {
    await stop()
    throw error
  }
  return stop
}

async function answering(url: string): Promise<void> {
  const until = Date.now() + START_MS
  while (Date.now() < until) {
    const answer = await fetch(url + '/api/server/ping').catch(() => null)
    if (answer?.ok) return
    await new Promise((done) => setTimeout(done, 200))
  }
  throw new Error(`No answer at ${url} within ${START_MS / 1000} s`)
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer()
    server.once('error', fail)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (address && typeof address === 'object' ? done(address.port) : fail(new Error('no port'))))
    })
  })
}
