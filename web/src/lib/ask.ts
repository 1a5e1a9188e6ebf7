// Every call to the server goes through ask(): it notices a lost server and an ended session, whoever called.
import { ApiError } from './api/client'
import { connection } from './connection.svelte'

let sessionEnded: () => void = () => {}

// Set once by the account feature, which knows what an ended session means.
export function onSessionEnd(callback: () => void): void {
  sessionEnded = callback
}

export async function ask<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof ApiError) {
      if (error.status === 401) sessionEnded()
      if (error.status === 502 || error.status === 504) connection.reportLost()
    } else if (isNoServer(error)) {
      connection.reportLost()
    }
    throw error
  }
}

// For callers that do not use fetch (an upload by XMLHttpRequest).
export function reportSessionEnd(): void {
  sessionEnded()
}

// fetch says "no connection" by a TypeError; an abort is the caller's own wish.
function isNoServer(error: unknown): boolean {
  return error instanceof TypeError
}
