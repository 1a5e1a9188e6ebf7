/*
 * The texts that cameras and editors write into EXIF, XMP and IPTC: cleaned, cut, and read as times and offsets.
 * Hostile input throughout. Pure functions, any thread; the decoding process calls them.
 */
#ifndef SP_MEDIA_EXIF_TEXT_H
#define SP_MEDIA_EXIF_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Writes text as valid UTF-8 into target (capacity with the NUL, at least 1): bytes that are no UTF-8 are taken for
 * Latin-1, which old cameras wrote; control characters become spaces (lines' ends stay), white space around goes,
 * "lang=… " of XMP's language alternatives goes, and what is too long ends between two characters.
 */
void exif_clean_text(char *target, size_t capacity, const char *text);
/*
 * "2024:05:01 12:34:56" (EXIF) or "2024-05-01T12:34:56.789+02:00" (XMP), as wall time in milliseconds as if it were
 * UTC; a fraction counts, an offset behind it is left to exif_parse_offset. False: not that, or a date that cameras
 * without a clock write (zeros, blanks), or not of the calendar.
 */
bool exif_parse_time(const char *text, int64_t *ret_ms);
/* "789", "78", "7": the digits behind the point, of any number. */
bool exif_parse_fraction(const char *text, int64_t *ret_ms);
/* "+02:00", "-0330", "Z", or one of these at the end of a time. */
bool exif_parse_offset(const char *text, int32_t *ret_minutes);
/*
 * The offset of a wall clock from the satellites' instant: zones are whole quarters of an hour, so the difference is
 * rounded to one and refused if it is over five minutes away (a clock that was never set) or beyond -12 to +14 hours.
 */
bool exif_offset_between(int64_t local_ms, int64_t utc_ms, int32_t *ret_minutes);
/* Seconds as photographers write them: "1/250", "0.4", "30". "" when it is no exposure. */
void exif_format_exposure(double seconds, char *target, size_t capacity);

#endif
