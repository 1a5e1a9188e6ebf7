// Who is signed in. 'unknown' until the server answered; 'setup' while the instance has no admin yet.
import { getMyUser, getServerConfig, login, logout, signUpAdmin, type UserAdminResponseDto } from '../../lib/api/client'
import { ask, onSessionEnd } from '../../lib/ask'

export type SessionStatus = 'unknown' | 'setup' | 'signed-out' | 'signed-in'

class Session {
  status = $state<SessionStatus>('unknown')
  user = $state.raw<UserAdminResponseDto | null>(null)
  ended = $state(false) // it ended under the person's hands: the login page says so
  greeting = $state('') // the operator's message for the login page

  constructor() {
    onSessionEnd(() => this.#end())
  }

  // May throw: the caller shows that the server is not reachable and tries again.
  async start(): Promise<void> {
    const config = await ask(() => getServerConfig())
    this.greeting = config.loginPageMessage
    if (!config.isInitialized) this.status = 'setup'
    else if (hasSessionCookie()) await this.#enter()
    else this.status = 'signed-out'
  }

  async signUp(name: string, email: string, password: string): Promise<void> {
    await ask(() => signUpAdmin({ body: { name, email, password } }))
    await this.signIn(email, password)
  }

  async signIn(email: string, password: string): Promise<void> {
    await ask(() => login({ body: { email, password } }))
    this.ended = false
    await this.#enter()
  }

  // The cookies are gone whatever the server says: a lost line must not keep a person signed in on the screen.
  async signOut(): Promise<void> {
    await ask(() => logout()).catch(() => {})
    this.ended = false
    this.#leave()
  }

  async #enter(): Promise<void> {
    try {
      this.user = await ask(() => getMyUser())
      this.status = 'signed-in'
    } catch (error) {
      if (this.status !== 'unknown' || !isUnauthorized(error)) throw error
      this.status = 'signed-out'
    }
  }

  #end(): void {
    if (this.status !== 'signed-in') return
    this.ended = true
    this.#leave()
  }

  #leave(): void {
    this.user = null
    this.status = 'signed-out'
  }
}

// The one cookie of the login that a script may read; it spares a signed-out visitor a request that must fail.
function hasSessionCookie(): boolean {
  return /(?:^|;\s*)immich_is_authenticated=true/.test(document.cookie)
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof Error && 'status' in error && error.status === 401
}

export const session = new Session()
