/* Time: a monotonic clock for deadlines, the wall clock for records, ISO 8601 text. Any thread. */
#ifndef SP_BASE_CLOCK_H
#define SP_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/types.h"

enum { SP_ISO_TIME_BYTES = 32 };

int64_t sp_clock_mono_ms(void);
int64_t sp_clock_mono_us(void);
sp_time_ms sp_clock_now_ms(void); /* wall clock, UTC */
/* "2024-05-01T12:34:56.789Z"; years outside 0000 to 9999 are clamped. */
void sp_time_format(sp_time_ms time, char ret_text[static SP_ISO_TIME_BYTES]);
/*
 * RFC 3339 date-time, fraction of any length (cut to ms), zone Z or an offset; also a plain date (midnight UTC).
 * False: not of that form or not a date of the calendar; ret_time is untouched.
 */
bool sp_time_parse(const char *text, sp_time_ms *ret_time);
/* Days since 1970-01-01 of a date in the proleptic Gregorian calendar, and back. */
int64_t sp_days_from_civil(int64_t year, unsigned month, unsigned day);
void sp_civil_from_days(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day);

#endif
