/* The table of media types; see media_type.h. Raw formats by their makers' documents; MIME types by IANA or use. */
#include "domain/media_type.h"

#include <string.h>
#include <strings.h>

#include "base/attr.h"

#define IMAGE(extension, mime) {extension, mime, MEDIA_IMAGE, true}
#define RAW(extension, mime) {extension, mime, MEDIA_RAW, false}
#define VIDEO(extension, mime) {extension, mime, MEDIA_VIDEO, false}

static const struct media_type table[] = {
    IMAGE(".avif", "image/avif"),
    IMAGE(".gif", "image/gif"),
    IMAGE(".heic", "image/heic"),
    IMAGE(".heif", "image/heif"),
    IMAGE(".hif", "image/hif"),
    IMAGE(".jpe", "image/jpeg"),
    IMAGE(".jpeg", "image/jpeg"),
    IMAGE(".jpg", "image/jpeg"),
    IMAGE(".png", "image/png"),
    IMAGE(".tif", "image/tiff"),
    IMAGE(".tiff", "image/tiff"),
    IMAGE(".webp", "image/webp"),
    {".bmp", "image/bmp", MEDIA_IMAGE, false},
    {".insp", "image/jpeg", MEDIA_IMAGE, false},
    {".jp2", "image/jp2", MEDIA_IMAGE, false},
    {".jxl", "image/jxl", MEDIA_IMAGE, false},
    {".mpo", "image/jpeg", MEDIA_IMAGE, false},
    {".psd", "image/psd", MEDIA_IMAGE, false},
    {".svg", "image/svg", MEDIA_IMAGE, false},
    RAW(".3fr", "image/3fr"),
    RAW(".ari", "image/ari"),
    RAW(".arw", "image/arw"),
    RAW(".cap", "image/cap"),
    RAW(".cin", "image/cin"),
    RAW(".cr2", "image/cr2"),
    RAW(".cr3", "image/cr3"),
    RAW(".crw", "image/crw"),
    RAW(".dcr", "image/dcr"),
    RAW(".dng", "image/dng"),
    RAW(".erf", "image/erf"),
    RAW(".fff", "image/fff"),
    RAW(".iiq", "image/iiq"),
    RAW(".k25", "image/k25"),
    RAW(".kdc", "image/kdc"),
    RAW(".mrw", "image/mrw"),
    RAW(".nef", "image/nef"),
    RAW(".nrw", "image/nrw"),
    RAW(".orf", "image/orf"),
    RAW(".ori", "image/ori"),
    RAW(".pef", "image/pef"),
    RAW(".raf", "image/raf"),
    RAW(".raw", "image/raw"),
    RAW(".rw2", "image/rw2"),
    RAW(".rwl", "image/rwl"),
    RAW(".sr2", "image/sr2"),
    RAW(".srf", "image/srf"),
    RAW(".srw", "image/srw"),
    RAW(".x3f", "image/x3f"),
    VIDEO(".3gp", "video/3gpp"),
    VIDEO(".3gpp", "video/3gpp"),
    VIDEO(".avi", "video/avi"),
    VIDEO(".flv", "video/x-flv"),
    VIDEO(".insv", "video/mp4"),
    VIDEO(".m2t", "video/mp2t"),
    VIDEO(".m2ts", "video/mp2t"),
    VIDEO(".m4v", "video/x-m4v"),
    VIDEO(".mkv", "video/x-matroska"),
    VIDEO(".mov", "video/quicktime"),
    VIDEO(".mp4", "video/mp4"),
    VIDEO(".mpe", "video/mpeg"),
    VIDEO(".mpeg", "video/mpeg"),
    VIDEO(".mpg", "video/mpeg"),
    VIDEO(".mts", "video/mp2t"),
    VIDEO(".mxf", "application/mxf"),
    VIDEO(".ts", "video/mp2t"),
    VIDEO(".vob", "video/mpeg"),
    VIDEO(".webm", "video/webm"),
    VIDEO(".wmv", "video/x-ms-wmv"),
    {".xmp", "application/xml", MEDIA_SIDECAR, false},
};

const struct media_type *media_type_of_name(const char *file_name)
{
    const char *dot = strrchr(file_name, '.');
    if (!dot)
        return NULL;
    for (size_t i = 0; i < SP_COUNT(table); i++)
        if (strcasecmp(table[i].extension, dot) == 0)
            return &table[i];
    return NULL;
}

const struct media_type *media_types(size_t *ret_count)
{
    *ret_count = SP_COUNT(table);
    return table;
}
