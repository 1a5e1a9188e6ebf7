/*
 * What the camera wrote: EXIF, XMP and IPTC by gexiv2. Every text is cut and cleaned, every number bounded, before it
 * goes into the reply; tags that lie are left out. The decoding process.
 */
#include "swissphoto-decode/decode.h"

#include <gexiv2/gexiv2.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

bool metadata_load_codecs(void)
{
    return gexiv2_initialize();
}

/* The first of these tags that is there; NULL: none. g_free it. */
static char *first_text(GExiv2Metadata *source, const char *const tags[])
{
    for (size_t i = 0; tags[i]; i++) {
        char *text = gexiv2_metadata_try_get_tag_string(source, tags[i], NULL);
        if (text && *g_strstrip(text))
            return text;
        g_free(text);
    }
    return NULL;
}

/* Valid UTF-8, control characters but line ends become spaces, cut between characters. */
static void put_text(char *target, size_t capacity, const char *text)
{
    char *valid = g_utf8_make_valid(text, -1);
    for (char *c = valid; *c; c++)
        if ((unsigned char)*c < ' ' && *c != '\n')
            *c = ' ';
    size_t length = strlen(valid);
    if (length >= capacity)
        length = (size_t)(g_utf8_find_prev_char(valid, valid + capacity) - valid);
    memcpy(target, valid, length);
    target[length] = '\0';
    g_free(valid);
}

static void read_text(GExiv2Metadata *source, const char *const tags[], char *target, size_t capacity)
{
    char *text = first_text(source, tags);
    if (text)
        put_text(target, capacity, text);
    g_free(text);
}

static double read_rational(GExiv2Metadata *source, const char *tag, double max)
{
    int numerator = 0, denominator = 0;
    if (!gexiv2_metadata_try_get_exif_tag_rational(source, tag, &numerator, &denominator, NULL) || denominator == 0)
        return 0;
    double value = (double)numerator / denominator;
    return isfinite(value) && value > 0 && value <= max ? value : 0;
}

/* "2024:05:01 12:34:56" with the sub-seconds of their own tag. Cameras without a clock write zeros or spaces. */
static bool read_time(GExiv2Metadata *source, const char *tag, const char *fraction_tag, int64_t *ret_ms)
{
    const char *const tags[] = {tag, NULL}, *const fraction_tags[] = {fraction_tag, NULL};
    char *text = first_text(source, tags), iso[32];
    unsigned year, month, day, hour, minute, second;
    bool read = text && sscanf(text, "%4u%*1[:-]%2u%*1[:-]%2u%*1[ T]%2u:%2u:%2u", &year, &month, &day, &hour, &minute,
                               &second) == 6 && year >= 1800;
    g_free(text);
    if (!read)
        return false;
    snprintf(iso, sizeof(iso), "%04u-%02u-%02uT%02u:%02u:%02uZ", year % 10000, month % 100, day % 100, hour % 100,
             minute % 100, second % 100);
    if (!sp_time_parse(iso, ret_ms))
        return false;
    char *fraction = first_text(source, fraction_tags);
    unsigned value = 0;
    int digits = 0;
    if (fraction && sscanf(fraction, "%3u%n", &value, &digits) == 1)
        *ret_ms += digits == 1 ? value * 100 : digits == 2 ? value * 10 : value;
    g_free(fraction);
    return true;
}

/* "+02:00" */
static bool read_offset(GExiv2Metadata *source, int32_t *ret_minutes)
{
    static const char *const tags[] = {"Exif.Photo.OffsetTimeOriginal", "Exif.Photo.OffsetTime",
                                       "Exif.Photo.OffsetTimeDigitized", NULL};
    char *text = first_text(source, tags), sign;
    unsigned hours, minutes;
    bool read = text && sscanf(text, "%c%2u:%2u", &sign, &hours, &minutes) == 3 && (sign == '+' || sign == '-') &&
                hours <= 14 && minutes < 60;
    g_free(text);
    if (read)
        *ret_minutes = (sign == '-' ? -1 : 1) * (int32_t)(hours * 60 + minutes);
    return read;
}

static void read_times(GExiv2Metadata *source, struct media_metadata *m)
{
    m->has_taken =
        read_time(source, "Exif.Photo.DateTimeOriginal", "Exif.Photo.SubSecTimeOriginal", &m->taken_local_ms) ||
        read_time(source, "Exif.Photo.DateTimeDigitized", "Exif.Photo.SubSecTimeDigitized", &m->taken_local_ms) ||
        read_time(source, "Xmp.exif.DateTimeOriginal", "Xmp.none", &m->taken_local_ms) ||
        read_time(source, "Exif.Image.DateTime", "Exif.Photo.SubSecTime", &m->taken_local_ms);
    m->has_modified = read_time(source, "Exif.Image.DateTime", "Exif.Photo.SubSecTime", &m->modified_local_ms);
    m->has_offset = read_offset(source, &m->offset_minutes);
}

static void read_place(GExiv2Metadata *source, struct media_metadata *m)
{
    double longitude = 0, latitude = 0, altitude = 0;
    if (!gexiv2_metadata_try_get_gps_info(source, &longitude, &latitude, &altitude, NULL))
        return;
    bool somewhere = isfinite(latitude) && isfinite(longitude) && fabs(latitude) <= 90 && fabs(longitude) <= 180 &&
                     (fabs(latitude) > 0 || fabs(longitude) > 0); /* 0, 0 is a camera without a fix */
    if (!somewhere)
        return;
    m->has_gps = 1;
    m->latitude = latitude;
    m->longitude = longitude;
    m->has_altitude = isfinite(altitude) && fabs(altitude) < 100000 && (altitude < 0 || altitude > 0);
    m->altitude = m->has_altitude ? altitude : 0;
}

static void read_exposure(GExiv2Metadata *source, struct media_metadata *m)
{
    int numerator = 0, denominator = 0;
    m->f_number = read_rational(source, "Exif.Photo.FNumber", 1000);
    m->focal_length = read_rational(source, "Exif.Photo.FocalLength", 100000);
    int64_t iso = gexiv2_metadata_try_get_tag_long(source, "Exif.Photo.ISOSpeedRatings", NULL);
    m->iso = iso > 0 && iso <= 100000000 ? (int32_t)iso : 0;
    if (!gexiv2_metadata_try_get_exif_tag_rational(source, "Exif.Photo.ExposureTime", &numerator, &denominator, NULL) ||
        numerator <= 0 || denominator <= 0)
        return;
    double seconds = (double)numerator / denominator;
    if (seconds >= 1)
        snprintf(m->exposure_time, sizeof(m->exposure_time), "%.4g", seconds);
    else
        snprintf(m->exposure_time, sizeof(m->exposure_time), "1/%.0f", 1 / seconds);
}

static void read_rating(GExiv2Metadata *source, struct media_metadata *m)
{
    static const char *const tags[] = {"Xmp.xmp.Rating", "Exif.Image.Rating", NULL};
    char *text = first_text(source, tags);
    int rating = 0;
    m->has_rating = text && sscanf(text, "%d", &rating) == 1 && rating >= -1 && rating <= 5;
    m->rating = m->has_rating ? rating : 0;
    g_free(text);
}

static void read_all(GExiv2Metadata *source, struct media_metadata *m)
{
    static const char *const make[] = {"Exif.Image.Make", "Xmp.tiff.Make", NULL};
    static const char *const model[] = {"Exif.Image.Model", "Xmp.tiff.Model", NULL};
    static const char *const lens[] = {"Exif.Photo.LensModel", "Xmp.aux.Lens", NULL};
    static const char *const projection[] = {"Xmp.GPano.ProjectionType", NULL};
    static const char *const description[] = {"Xmp.dc.description", "Exif.Image.ImageDescription",
                                              "Iptc.Application2.Caption", NULL};
    read_text(source, make, m->make, sizeof(m->make));
    read_text(source, model, m->model, sizeof(m->model));
    read_text(source, lens, m->lens_model, sizeof(m->lens_model));
    read_text(source, projection, m->projection_type, sizeof(m->projection_type));
    read_text(source, description, m->description, sizeof(m->description));
    /* XMP's language alternatives come as lang="x-default" text */
    if (g_str_has_prefix(m->description, "lang=\"")) {
        const char *space = strchr(m->description, ' ');
        memmove(m->description, space ? space + 1 : "", strlen(space ? space + 1 : "") + 1);
    }
    int64_t orientation = gexiv2_metadata_try_get_tag_long(source, "Exif.Image.Orientation", NULL);
    m->orientation = orientation >= 1 && orientation <= 8 ? (int32_t)orientation : 0;
    read_times(source, m);
    read_place(source, m);
    read_exposure(source, m);
    read_rating(source, m);
}

void metadata_read(const struct original *original, struct media_metadata *metadata)
{
    GExiv2Metadata *source = gexiv2_metadata_new();
    if (gexiv2_metadata_open_buf(source, original->data, (glong)original->size, NULL))
        read_all(source, metadata);
    g_object_unref(source);
}
