// A text that depends on a number: one form a CLDR plural category, `other` always there.
export type Plural = { other: string } & Partial<Record<Exclude<Intl.LDMLPluralRule, 'other'>, string>>

export type Params = Record<string, string | number>

// Replaces {name} by params.name; an unknown name stays visible, so that a mistake is seen.
export function fill(text: string, params: Params): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in params ? String(params[name]) : whole))
}

export function pluralForm(text: Plural, count: number, locale: string): string {
  return text[new Intl.PluralRules(locale).select(count)] ?? text.other
}
