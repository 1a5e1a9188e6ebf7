import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { de } from './de'
import { en } from './en'
import { fr } from './fr'
import { it as italian } from './it'
import type { Plural } from './plural'

const tables = { de, en, fr, it: italian }
const keys = Object.keys(en) as (keyof typeof en)[]

function forms(value: string | Plural): string[] {
  return typeof value === 'string' ? [value] : Object.values(value)
}

function names(text: string): string[] {
  return (text.match(/\{\w+\}/g) ?? []).sort()
}

// All source of the app but the tables themselves.
function source(folder: string): string {
  return readdirSync(folder, { withFileTypes: true })
    .map((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return source(path)
      const isSource = /\.(ts|svelte)$/.test(entry.name) && !/\.test\.ts$|^(de|en|fr|it)\.ts$/.test(entry.name)
      return isSource ? readFileSync(path, 'utf8') : ''
    })
    .join('\n')
}

describe.each(Object.entries(tables))('the texts in %s', (language, table) => {
  it('have the same keys', () => {
    expect(Object.keys(table)).toEqual(keys)
  })

  it('are there, and fill the same places', () => {
    for (const key of keys)
      for (const form of forms(table[key])) {
        expect(form.trim(), key).not.toBe('')
        expect(names(form), key).toEqual(names(forms(en[key])[0]!))
      }
  })

  it('have a form for every plural category of the language that whole numbers reach', () => {
    const rules = new Intl.PluralRules(language)
    const reached = new Set(Array.from({ length: 200 }, (_, count) => rules.select(count)))
    for (const key of keys) {
      const value = table[key]
      if (typeof value === 'string' || Object.keys(value).length === 1) continue
      for (const category of reached) expect(Object.keys(value), key).toContain(category)
    }
  })

  it('use Swiss spelling', () => {
    expect(JSON.stringify(table)).not.toContain('ß')
  })
})

describe('the keys', () => {
  const code = source('src')

  it('are all used', () => {
    expect(keys.filter((key) => !code.includes(`'${key}'`))).toEqual([])
  })
})
