/* Clocks and calendar; see clock.h. */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MS_PER_SECOND = 1000, MS_PER_MINUTE = 60 * 1000, MS_PER_DAY = 24 * 60 * 60 * 1000 };

static int64_t read_clock_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t sp_clock_mono_ms(void) { return read_clock_us(CLOCK_MONOTONIC) / 1000; }

int64_t sp_clock_mono_us(void) { return read_clock_us(CLOCK_MONOTONIC); }

sp_time_ms sp_clock_now_ms(void) { return read_clock_us(CLOCK_REALTIME) / 1000; }

/* Both after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms" (public domain): years start in March. */
int64_t sp_days_from_civil(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void sp_civil_from_days(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_index = (5 * day_of_year + 2) / 153;
    *ret_day = (unsigned)(day_of_year - (153 * month_index + 2) / 5 + 1);
    *ret_month = (unsigned)(month_index < 10 ? month_index + 3 : month_index - 9);
    *ret_year = year_of_era + era * 400 + (*ret_month <= 2);
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

void sp_time_format(sp_time_ms time, char ret_text[static SP_ISO_TIME_BYTES])
{
    const sp_time_ms earliest = sp_days_from_civil(0, 1, 1) * MS_PER_DAY;
    const sp_time_ms latest = sp_days_from_civil(10000, 1, 1) * MS_PER_DAY - 1;
    time = time < earliest ? earliest : time > latest ? latest : time;
    int64_t days = floor_div(time, MS_PER_DAY), year;
    unsigned ms = (unsigned)(time - days * MS_PER_DAY), month, day;
    sp_civil_from_days(days, &year, &month, &day);
    snprintf(ret_text, SP_ISO_TIME_BYTES, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)year % 10000U, month % 100U,
             day % 100U, ms / 3600000 % 100U, ms / MS_PER_MINUTE % 60, ms / MS_PER_SECOND % 60, ms % 1000);
}

/* Exactly count digits at *text, which moves behind them; -1 otherwise. */
static int digits(const char **text, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return -1;
        value = value * 10 + (**text - '0');
    }
    return value;
}

static bool literal(const char **text, char c)
{
    if (**text != c)
        return false;
    (*text)++;
    return true;
}

static unsigned days_in_month(int year, int month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool parse_date(const char **text, int64_t *ret_days)
{
    int year = digits(text, 4);
    if (year < 0 || !literal(text, '-'))
        return false;
    int month = digits(text, 2);
    if (month < 1 || month > 12 || !literal(text, '-'))
        return false;
    int day = digits(text, 2);
    if (day < 1 || (unsigned)day > days_in_month(year, month))
        return false;
    *ret_days = sp_days_from_civil(year, (unsigned)month, (unsigned)day);
    return true;
}

static bool parse_time_of_day(const char **text, int64_t *ret_ms)
{
    int hour = digits(text, 2);
    if (hour < 0 || hour > 23 || !literal(text, ':'))
        return false;
    int minute = digits(text, 2);
    if (minute < 0 || minute > 59)
        return false;
    int second = 0;
    if (literal(text, ':') && ((second = digits(text, 2)) < 0 || second > 60))
        return false;
    int64_t ms = 0;
    if (literal(text, '.')) {
        int places = 0;
        for (; **text >= '0' && **text <= '9'; (*text)++, places++)
            if (places < 3)
                ms = ms * 10 + (**text - '0');
        if (places == 0)
            return false;
        for (; places < 3; places++)
            ms *= 10;
    }
    *ret_ms = ((int64_t)hour * 60 + minute) * MS_PER_MINUTE + (int64_t)second * MS_PER_SECOND + ms;
    return true;
}

static bool parse_zone(const char **text, int64_t *ret_offset_ms)
{
    *ret_offset_ms = 0;
    if (literal(text, 'Z') || literal(text, 'z'))
        return true;
    int sign = literal(text, '+') ? 1 : literal(text, '-') ? -1 : 0;
    if (sign == 0)
        return false;
    int hour = digits(text, 2);
    if (hour < 0 || hour > 23)
        return false;
    literal(text, ':');
    int minute = digits(text, 2);
    if (minute < 0 || minute > 59)
        return false;
    *ret_offset_ms = sign * ((int64_t)hour * 60 + minute) * MS_PER_MINUTE;
    return true;
}

bool sp_time_parse(const char *text, sp_time_ms *ret_time)
{
    int64_t days, ms = 0, offset = 0;
    if (!parse_date(&text, &days))
        return false;
    if (*text) {
        if (!literal(&text, 'T') && !literal(&text, 't') && !literal(&text, ' '))
            return false;
        if (!parse_time_of_day(&text, &ms) || !parse_zone(&text, &offset) || *text)
            return false;
    }
    *ret_time = days * MS_PER_DAY + ms - offset;
    return true;
}
