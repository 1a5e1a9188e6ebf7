/*
 * What stands inside a message between processes: typed values one after the other. The writer appends without checks
 * and asks once, at the end; the reader takes values in the same order and type, and believes the message only if all
 * of it was consumed (os_reader_done). Every value carries its type, so that two ends that disagree fail at once rather
 * than read a length as a number. Pure functions, any thread; the idea is OpenSMTPD's mproc.
 *
 * Format: a type byte, then: 'i' 8 bytes two's complement; 'd' 8 bytes IEEE 754; 'b' 4 bytes length and the bytes; all
 * in the machine's own order, for both ends are on one machine.
 */
#ifndef SP_OS_WIRE_H
#define SP_OS_WIRE_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct os_writer {
    uint8_t *data;
    size_t size, capacity;
    bool failed; /* something did not fit: the message must not be sent */
};

struct os_reader {
    const uint8_t *data;
    size_t size, at;
    bool failed; /* sticky: every get after it fails, too */
};

void os_put_integer(struct os_writer *writer, int64_t value);
void os_put_double(struct os_writer *writer, double value);
void os_put_bytes(struct os_writer *writer, const void *data, size_t size);

/* All three: false, and the reader has failed, when the value is missing, of another type or out of bounds. */
SP_MUST_CHECK bool os_get_integer(struct os_reader *reader, int64_t low, int64_t high, int64_t *ret_value);
/* Not a number and the infinities are out of bounds. */
SP_MUST_CHECK bool os_get_double(struct os_reader *reader, double low, double high, double *ret_value);
/* At most capacity bytes, copied. */
SP_MUST_CHECK bool os_get_bytes(struct os_reader *reader, void *buffer, size_t capacity, size_t *ret_size);
/* Nothing failed and nothing is left. */
SP_MUST_CHECK bool os_reader_done(const struct os_reader *reader);

#endif
