// The instance of a run: the one at SWISSPHOTO_URL, or the built one (SWISSPHOTO_BIN) on a free port with new data. What
// it says goes to e2e/results/instance.log.
import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

const START_MS = 60_000
const STOP_MS = 20_000
const READY = 'SwissPhoto is ready: '
const LOG = 'e2e/results/instance.log'

export default async function instance(): Promise<() => Promise<void>> {
  if (process.env.SWISSPHOTO_URL) return async () => {}
  const program = resolve(process.env.SWISSPHOTO_BIN ?? '../build/apps/swissphoto')
  const folder = await mkdtemp(join(tmpdir(), 'swissphoto-e2e-'))
  await chmod(folder, 0o755) // started by root, the instance runs as another user
  await mkdir('e2e/results', { recursive: true })
  const log = createWriteStream(LOG)
  const child = spawn(program, ['up', '--data', join(folder, 'data'), '--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stderr.pipe(log)
  const address = new Promise<string>((found) => {
    createInterface(child.stdout).on('line', (line) => {
      if (line.startsWith(READY)) found(line.slice(READY.length).trim())
    })
  })
  const ended = new Promise<string>((done) => {
    child.once('error', (error) => done(error.message))
    child.once('exit', (code, signal) => done(`${program} ended with ${code ?? signal}`))
  })

  const stop = async () => {
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await ended
    clearTimeout(late)
    await rm(folder, { recursive: true, force: true })
  }

  try {
    process.env.SWISSPHOTO_URL = await Promise.race([address, failed(ended), tooLate()])
  } catch (error) {
    await stop()
    const said = await readFile(LOG, 'utf8').catch(() => '')
    throw new Error(`No instance. ${error instanceof Error ? error.message : error}\n${said.slice(-3000)}`)
  }
  return stop
}

async function failed(ended: Promise<string>): Promise<never> {
  throw new Error(await ended)
}

function tooLate(): Promise<never> {
  return new Promise((_, fail) => {
    setTimeout(() => fail(new Error(`Not ready within ${START_MS / 1000} s.`)), START_MS).unref()
  })
}
