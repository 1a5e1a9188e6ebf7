// Dates, numbers and sizes in a locale's own notation. "Wall" times are local times written as UTC milliseconds: what
// the camera's clock showed, whatever zone the reader is in.

export interface Format {
  number(value: number, fractionDigits?: number): string
  percent(part: number): string
  bytes(bytes: number): string
  month(wall: number): { name: string; year: string }
  day(wall: number): string // without the year: it stands below its month
  dayLong(wall: number): string
  moment(wall: number): string
  time(wall: number): string
  duration(milliseconds: number): string
}

const BYTE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

export function createFormat(locale: string): Format {
  const dates = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { timeZone: 'UTC', ...options })
  const monthName = dates({ month: 'long' })
  const year = dates({ year: 'numeric' })
  const day = dates({ weekday: 'short', day: 'numeric', month: 'short' })
  const dayLong = dates({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
  const moment = dates({ dateStyle: 'long', timeStyle: 'short' })
  const time = dates({ hour: '2-digit', minute: '2-digit' })
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 })
  const number = (value: number, fractionDigits = 0) =>
    new Intl.NumberFormat(locale, { maximumFractionDigits: fractionDigits }).format(value)

  return {
    number,
    percent: (part) => percent.format(part),
    bytes(bytes) {
      let unit = 0
      let value = bytes
      while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
        value /= 1000
        unit++
      }
      return new Intl.NumberFormat(locale, {
        style: 'unit',
        unit: BYTE_UNITS[unit],
        unitDisplay: unit === 0 ? 'long' : 'short',
        maximumFractionDigits: unit < 2 || value >= 100 ? 0 : 1,
      }).format(value)
    },
    month: (wall) => ({ name: capital(monthName.format(wall), locale), year: year.format(wall) }),
    day: (wall) => capital(day.format(wall), locale),
    dayLong: (wall) => capital(dayLong.format(wall), locale),
    moment: (wall) => moment.format(wall),
    time: (wall) => time.format(wall),
    duration(milliseconds) {
      const seconds = Math.round(milliseconds / 1000)
      const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
      const shown = parts[0] ? parts : parts.slice(1)
      return shown.map((part, index) => (index ? String(part).padStart(2, '0') : String(part))).join(':')
    },
  }
}

// French and Italian write months and weekdays small; at the head of a line they stand with a capital.
function capital(text: string, locale: string): string {
  return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1)
}
