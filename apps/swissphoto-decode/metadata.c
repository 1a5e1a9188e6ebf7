/*
 * What the camera wrote: EXIF, XMP and IPTC by gexiv2. Every text is cut and cleaned, every number bounded, before it
 * goes into the reply; tags that lie are left out. The decoding process.
 */
#include "swissphoto-decode/decode.h"

#include <gexiv2/gexiv2.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "media/exif_text.h"

/* The first of these tags (NULL-terminated) that has text; NULL: none. g_free it. */
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

static void read_text(GExiv2Metadata *source, const char *const tags[], char *target, size_t capacity)
{
    char *text = first_text(source, tags);
    if (text)
        exif_clean_text(target, capacity, text);
    g_free(text);
}

/* 0: missing, or not above 0 and up to max. */
static double read_rational(GExiv2Metadata *source, const char *tag, double max)
{
    int numerator = 0, denominator = 0;
    if (!gexiv2_metadata_try_get_exif_tag_rational(source, tag, &numerator, &denominator, NULL) || denominator == 0)
        return 0;
    double value = (double)numerator / denominator;
    return value > 0 && value <= max ? value : 0;
}

/* Where a time stands, its fraction of a second, and its offset from UTC; NULL: has none of its own. */
struct time_tags {
    const char *time, *fraction, *offset;
};

static bool read_offset(GExiv2Metadata *source, const char *tag, int32_t *ret_minutes)
{
    const char *const tags[] = {tag, NULL};
    char *text = first_text(source, tags);
    bool read = text && exif_parse_offset(text, ret_minutes);
    g_free(text);
    return read;
}

static bool read_time(GExiv2Metadata *source, const struct time_tags *from, int64_t *ret_ms)
{
    const char *const time_tags[] = {from->time, NULL}, *const fraction_tags[] = {from->fraction, NULL};
    int64_t fraction;
    char *time = first_text(source, time_tags), *part = first_text(source, fraction_tags);
    bool read = time && exif_parse_time(time, ret_ms);
    if (read && part && *ret_ms % 1000 == 0 && exif_parse_fraction(part, &fraction))
        *ret_ms += fraction;
    g_free(time);
    g_free(part);
    return read;
}

static void read_taken(GExiv2Metadata *source, struct media_metadata *m)
{
    static const struct time_tags from[] = {
        {"Exif.Photo.DateTimeOriginal", "Exif.Photo.SubSecTimeOriginal", "Exif.Photo.OffsetTimeOriginal"},
        {"Exif.Photo.DateTimeDigitized", "Exif.Photo.SubSecTimeDigitized", "Exif.Photo.OffsetTimeDigitized"},
        {"Xmp.exif.DateTimeOriginal", NULL, "Xmp.exif.DateTimeOriginal"},
        {"Xmp.photoshop.DateCreated", NULL, "Xmp.photoshop.DateCreated"},
        {"Xmp.xmp.CreateDate", NULL, "Xmp.xmp.CreateDate"},
        {"Exif.Image.DateTime", "Exif.Photo.SubSecTime", "Exif.Photo.OffsetTime"},
    };
    for (size_t i = 0; i < SP_COUNT(from) && !m->has_taken; i++) {
        m->has_taken = read_time(source, &from[i], &m->taken_local_ms);
        m->has_offset = m->has_taken && read_offset(source, from[i].offset, &m->offset_minutes);
    }
    /* cameras that write one offset mean it for all their times */
    if (m->has_taken && !m->has_offset)
        m->has_offset = read_offset(source, "Exif.Photo.OffsetTimeOriginal", &m->offset_minutes) ||
                        read_offset(source, "Exif.Photo.OffsetTime", &m->offset_minutes);
}

/* "2024:05:01" and three numbers, "12/1 34/1 5600/100" or "12 34 56": the satellites' clock, UTC. */
static bool read_gps_time(GExiv2Metadata *source, int64_t *ret_ms)
{
    static const char *const date_tags[] = {"Exif.GPSInfo.GPSDateStamp", NULL}, *const time_tags[] = {
                                                                                    "Exif.GPSInfo.GPSTimeStamp", NULL};
    static const int64_t unit_ms[] = {3600000, 60000, 1000};
    char *date = first_text(source, date_tags), *time = first_text(source, time_tags);
    char *midnight = date ? g_strdup_printf("%s 00:00:00", date) : NULL, *at = time;
    bool read = midnight && time && exif_parse_time(midnight, ret_ms);
    for (size_t i = 0; read && i < SP_COUNT(unit_ms); i++) {
        char *end;
        long numerator = strtol(at, &end, 10), denominator = 1;
        read = end != at;
        if (read && *end == '/')
            denominator = strtol(end + 1, &end, 10);
        read = read && numerator >= 0 && denominator > 0 && numerator / denominator <= 60;
        if (read) {
            *ret_ms += (int64_t)((double)numerator / (double)denominator * (double)unit_ms[i]);
            at = end;
        }
    }
    g_free(date);
    g_free(time);
    g_free(midnight);
    return read;
}

static void read_times(GExiv2Metadata *source, struct media_metadata *m)
{
    static const struct time_tags modified = {"Exif.Image.DateTime", "Exif.Photo.SubSecTime", NULL};
    int64_t gps_ms;
    read_taken(source, m);
    m->has_modified = read_time(source, &modified, &m->modified_local_ms);
    m->has_gps_time = read_gps_time(source, &gps_ms);
    if (!m->has_gps_time)
        return;
    m->gps_utc_ms = gps_ms;
    if (m->has_taken && !m->has_offset)
        m->has_offset = exif_offset_between(m->taken_local_ms, gps_ms, &m->offset_minutes);
}

static void read_place(GExiv2Metadata *source, struct media_metadata *m)
{
    double longitude = 0, latitude = 0, altitude = 0;
    /* one by one: try_get_gps_info knows no place without an altitude */
    if (!gexiv2_metadata_try_get_gps_longitude(source, &longitude, NULL) ||
        !gexiv2_metadata_try_get_gps_latitude(source, &latitude, NULL))
        return;
    bool somewhere = isfinite(latitude) && isfinite(longitude) && fabs(latitude) <= 90 && fabs(longitude) <= 180 &&
                     (fabs(latitude) > 0 || fabs(longitude) > 0); /* 0, 0 is a camera without a fix */
    if (!somewhere)
        return;
    m->has_gps = 1;
    m->latitude = latitude;
    m->longitude = longitude;
    m->has_altitude =
        gexiv2_metadata_try_get_gps_altitude(source, &altitude, NULL) && isfinite(altitude) && fabs(altitude) < 100000;
    m->altitude = m->has_altitude ? altitude : 0;
}

static void read_exposure(GExiv2Metadata *source, struct media_metadata *m)
{
    m->f_number = read_rational(source, "Exif.Photo.FNumber", 1000);
    m->focal_length = read_rational(source, "Exif.Photo.FocalLength", 100000);
    int64_t iso = gexiv2_metadata_try_get_tag_long(source, "Exif.Photo.ISOSpeedRatings", NULL);
    m->iso = iso > 0 && iso <= 100000000 ? (int32_t)iso : 0;
    exif_format_exposure(read_rational(source, "Exif.Photo.ExposureTime", 1e6), m->exposure_time,
                         sizeof(m->exposure_time));
}

static void read_rating(GExiv2Metadata *source, struct media_metadata *m)
{
    static const char *const tags[] = {"Xmp.xmp.Rating", "Exif.Image.Rating", NULL};
    char *text = first_text(source, tags), *end;
    double rating = text ? g_ascii_strtod(text, &end) : NAN; /* some editors write "3.0" */
    m->has_rating = text && end != text && rating >= -1 && rating <= 5;
    m->rating = m->has_rating ? (int32_t)lround(rating) : 0;
    g_free(text);
}

static void read_texts(GExiv2Metadata *source, struct media_metadata *m)
{
    static const char *const make[] = {"Exif.Image.Make", "Xmp.tiff.Make", NULL};
    static const char *const model[] = {"Exif.Image.Model", "Xmp.tiff.Model", NULL};
    static const char *const lens[] = {"Exif.Photo.LensModel", "Xmp.exifEX.LensModel", "Xmp.aux.Lens", NULL};
    static const char *const projection[] = {"Xmp.GPano.ProjectionType", NULL};
    static const char *const description[] = {"Xmp.dc.description", "Exif.Image.ImageDescription",
                                              "Iptc.Application2.Caption", NULL};
    read_text(source, make, m->make, sizeof(m->make));
    read_text(source, model, m->model, sizeof(m->model));
    read_text(source, lens, m->lens_model, sizeof(m->lens_model));
    read_text(source, projection, m->projection_type, sizeof(m->projection_type));
    read_text(source, description, m->description, sizeof(m->description));
}

void metadata_read(const struct original *original, struct media_metadata *metadata)
{
    GExiv2Metadata *source = gexiv2_metadata_new();
    if (gexiv2_metadata_open_buf(source, original->data, (glong)original->size, NULL)) {
        int64_t orientation = gexiv2_metadata_try_get_tag_long(source, "Exif.Image.Orientation", NULL);
        metadata->orientation = orientation >= 1 && orientation <= 8 ? (int32_t)orientation : 0;
        read_texts(source, metadata);
        read_times(source, metadata);
        read_place(source, metadata);
        read_exposure(source, metadata);
        read_rating(source, metadata);
    }
    g_object_unref(source);
}

bool metadata_is_raw(const struct original *original)
{
    static const unsigned char canon[] = {'C', 'R', 2};
    if (original->size > 10 && memcmp((const char *)original->data + 8, canon, sizeof(canon)) == 0)
        return true;
    GExiv2Metadata *source = gexiv2_metadata_new();
    bool raw = gexiv2_metadata_open_buf(source, original->data, (glong)original->size, NULL) &&
               (gexiv2_metadata_try_has_tag(source, "Exif.Image.DNGVersion", NULL) ||
                gexiv2_metadata_try_get_tag_long(source, "Exif.Image.NewSubfileType", NULL) == 1);
    g_object_unref(source);
    return raw;
}
