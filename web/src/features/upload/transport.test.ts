import { describe, expect, it } from 'vitest'
import { readAnswer, UploadError } from './transport'

function problem(status: number, text: string, retryAfter: string | null = null): UploadError {
  const answer = readAnswer(status, text, retryAfter)
  expect(answer).toBeInstanceOf(UploadError)
  return answer as UploadError
}

describe('readAnswer', () => {
  it('reads what became of the file', () => {
    expect(readAnswer(201, '{"id":"a","status":"created"}', null)).toEqual({ id: 'a', status: 'created' })
    expect(readAnswer(200, '{"id":"a","status":"duplicate"}', null)).toEqual({ id: 'a', status: 'duplicate' })
  })

  it('tells the reasons of a failure apart', () => {
    expect(problem(401, '{"message":"Authentication required"}').problem).toBe('session')
    expect(problem(400, '{"message":"Quota has been exceeded!"}').problem).toBe('quota')
    expect(problem(400, '{"message":"Unsupported file"}')).toMatchObject({ problem: 'refused', message: 'Unsupported file' })
    expect(problem(500, '').problem).toBe('server')
    expect(problem(502, '<html>').problem).toBe('network')
    expect(problem(413, '<html>').problem).toBe('refused')
    expect(problem(201, 'not json').problem).toBe('server')
  })

  it('reads Retry-After within bounds', () => {
    expect(problem(503, '', '5').retryAfterMs).toBe(5_000)
    expect(problem(503, '', null).retryAfterMs).toBe(2_000)
    expect(problem(429, '', '86400').retryAfterMs).toBe(60_000)
  })
})
