import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as client from '../../lib/api/client'
import { ask } from '../../lib/ask'
import { session } from './session.svelte'

vi.mock('../../lib/api/client', async (original) => ({
  ...(await original<typeof client>()),
  getServerConfig: vi.fn(),
  getMyUser: vi.fn(),
  login: vi.fn(),
  logout: vi.fn(),
  signUpAdmin: vi.fn(),
}))

const anna = { id: 'u', name: 'Anna', email: 'anna@example.ch' }

function setCookie(value: string) {
  document.cookie = `immich_is_authenticated=${value}; path=/`
}

describe('session', () => {
  beforeEach(() => {
    session.status = 'unknown'
    session.user = null
    session.ended = false
    setCookie('false')
    vi.mocked(client.getServerConfig).mockResolvedValue({ isInitialized: true, loginPageMessage: '' } as never)
    vi.mocked(client.getMyUser).mockResolvedValue(anna as never)
    vi.mocked(client.login).mockResolvedValue({} as never)
    vi.mocked(client.signUpAdmin).mockResolvedValue(anna as never)
  })

  afterEach(() => {
    vi.clearAllMocks()
  })

  it('asks for the first account on a new server', async () => {
    vi.mocked(client.getServerConfig).mockResolvedValue({ isInitialized: false, loginPageMessage: '' } as never)
    await session.start()
    expect(session.status).toBe('setup')
    await session.signUp('Anna', 'anna@example.ch', 'edelweiss')
    expect(client.login).toHaveBeenCalledWith({ body: { email: 'anna@example.ch', password: 'edelweiss' } })
    expect(session).toMatchObject({ status: 'signed-in', user: anna })
  })

  it('does not ask who it is without a session cookie', async () => {
    await session.start()
    expect(session.status).toBe('signed-out')
    expect(client.getMyUser).not.toHaveBeenCalled()
  })

  it('goes on with a session, and knows one that has ended meanwhile', async () => {
    setCookie('true')
    await session.start()
    expect(session.status).toBe('signed-in')
    session.status = 'unknown'
    vi.mocked(client.getMyUser).mockRejectedValue(new client.ApiError(401, 'Invalid user token'))
    await session.start()
    expect(session.status).toBe('signed-out')
  })

  it('stays unknown while the server cannot be reached', async () => {
    setCookie('true')
    vi.mocked(client.getMyUser).mockRejectedValue(new TypeError('Failed to fetch'))
    await expect(session.start()).rejects.toThrow()
    expect(session.status).toBe('unknown')
  })

  it('ends by a 401 of any call', async () => {
    await session.signIn('anna@example.ch', 'edelweiss')
    await ask(() => Promise.reject(new client.ApiError(401, 'Invalid user token'))).catch(() => {})
    expect(session).toMatchObject({ status: 'signed-out', ended: true, user: null })
  })

  it('does not take a wrong password for an ended session', async () => {
    await session.start()
    vi.mocked(client.login).mockRejectedValue(new client.ApiError(401, 'Incorrect email or password'))
    await expect(session.signIn('anna@example.ch', 'x')).rejects.toThrow()
    expect(session).toMatchObject({ status: 'signed-out', ended: false })
  })

  it('signs out even where the server cannot be reached', async () => {
    await session.signIn('anna@example.ch', 'edelweiss')
    vi.mocked(client.logout).mockRejectedValue(new TypeError('Failed to fetch'))
    await session.signOut()
    expect(session).toMatchObject({ status: 'signed-out', ended: false, user: null })
  })
})
