/* See wire.h. */
#include "os/wire.h"

#include <math.h>
#include <string.h>

enum { TYPE_INTEGER = 'i', TYPE_DOUBLE = 'd', TYPE_BYTES = 'b' };

static void append(struct os_writer *writer, const void *data, size_t size)
{
    if (writer->failed || size > writer->capacity - writer->size) {
        writer->failed = true;
        return;
    }
    if (size > 0)
        memcpy(writer->data + writer->size, data, size);
    writer->size += size;
}

static void append_type(struct os_writer *writer, uint8_t type) { append(writer, &type, sizeof(type)); }

void os_put_integer(struct os_writer *writer, int64_t value)
{
    append_type(writer, TYPE_INTEGER);
    append(writer, &value, sizeof(value));
}

void os_put_double(struct os_writer *writer, double value)
{
    append_type(writer, TYPE_DOUBLE);
    append(writer, &value, sizeof(value));
}

void os_put_bytes(struct os_writer *writer, const void *data, size_t size)
{
    uint32_t length = (uint32_t)size;
    if (size > UINT32_MAX)
        writer->failed = true;
    append_type(writer, TYPE_BYTES);
    append(writer, &length, sizeof(length));
    append(writer, data, size);
}

static bool take(struct os_reader *reader, void *target, size_t size)
{
    if (reader->failed || size > reader->size - reader->at) {
        reader->failed = true;
        return false;
    }
    if (size > 0)
        memcpy(target, reader->data + reader->at, size);
    reader->at += size;
    return true;
}

static bool take_type(struct os_reader *reader, uint8_t type)
{
    uint8_t found;
    if (take(reader, &found, sizeof(found)) && found != type)
        reader->failed = true;
    return !reader->failed;
}

bool os_get_integer(struct os_reader *reader, int64_t low, int64_t high, int64_t *ret_value)
{
    int64_t value;
    if (!take_type(reader, TYPE_INTEGER) || !take(reader, &value, sizeof(value)))
        return false;
    reader->failed = value < low || value > high;
    if (!reader->failed)
        *ret_value = value;
    return !reader->failed;
}

bool os_get_double(struct os_reader *reader, double low, double high, double *ret_value)
{
    double value;
    if (!take_type(reader, TYPE_DOUBLE) || !take(reader, &value, sizeof(value)))
        return false;
    reader->failed = !isfinite(value) || value < low || value > high;
    if (!reader->failed)
        *ret_value = value;
    return !reader->failed;
}

bool os_get_bytes(struct os_reader *reader, void *buffer, size_t capacity, size_t *ret_size)
{
    uint32_t length;
    if (!take_type(reader, TYPE_BYTES) || !take(reader, &length, sizeof(length)))
        return false;
    if (length > capacity) {
        reader->failed = true;
        return false;
    }
    if (!take(reader, buffer, length))
        return false;
    *ret_size = length;
    return true;
}

bool os_reader_done(const struct os_reader *reader) { return !reader->failed && reader->at == reader->size; }
