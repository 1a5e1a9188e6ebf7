/*
 * From an original to the pixels of its preview: upright, 8-bit sRGB, three bands or four with alpha, in memory.
 *
 * What most pictures are (8-bit RGB of a size that fits into memory) is decoded as small as its codec can, made smaller
 * by media/resample.h, and then turned and colour-managed, when there is least to do. Everything else (16 bits, CMYK,
 * grey, very large) goes through vips_thumbnail, which can do it all and streams. The decoding process.
 */
#include "swissphoto-decode/decode.h"

#include <string.h>
#include <vips/vips.h>

#include "base/op.h"
#include "media/resample.h"
#include "swissphoto-decode/pixels.h"

enum { JPEG_SHRINK_MAX = 8, MEMORY_PIXELS_MAX = 64 * 1000 * 1000 };

/* Whatever it is in, as 8-bit sRGB in memory. */
static VipsImage *to_srgb(VipsImage *image)
{
    VipsImage *colour = NULL, *narrow = NULL, *memory = NULL;
    if (vips_colourspace(image, &colour, VIPS_INTERPRETATION_sRGB, NULL) == 0 &&
        vips_cast_uchar(colour, &narrow, NULL) == 0)
        memory = vips_image_copy_memory(narrow);
    g_clear_object(&colour);
    g_clear_object(&narrow);
    return memory;
}

/* Only these need the detour through a profile's space, which costs precision and time. */
static bool is_managed(VipsImage *header)
{
    return vips_image_get_typeof(header, VIPS_META_ICC_NAME) != 0 ||
           vips_image_get_interpretation(header) == VIPS_INTERPRETATION_CMYK;
}

static VipsImage *load_any(const struct original *original, VipsImage *header, int px)
{
    VipsImage *image = NULL;
    /* the API takes a pointer to non-const and does not write to it; a NULL name ends its list of options */
    if (vips_thumbnail_buffer((void *)(uintptr_t)original->data, original->size, &image, px, "height", px, "size",
                              VIPS_SIZE_DOWN, "fail_on", VIPS_FAIL_ON_TRUNCATED,
                              is_managed(header) ? "export_profile" : NULL, "srgb", NULL) != 0)
        return NULL;
    VipsImage *srgb = to_srgb(image);
    g_object_unref(image);
    return srgb;
}

/* The largest shrinking of the JPEG codec that still leaves enough pixels. */
static int jpeg_shrink(VipsImage *header, int px)
{
    int longer = VIPS_MAX(vips_image_get_width(header), vips_image_get_height(header)), shrink = JPEG_SHRINK_MAX;
    while (shrink > 1 && longer / shrink < px)
        shrink /= 2;
    return shrink;
}

/* Nothing is decoded yet; but what will be has this header. */
static VipsImage *open_small(const struct original *original, const char *format, int px)
{
    void *data = (void *)(uintptr_t)original->data; /* as above */
    VipsImage *header = NULL, *small = NULL;
    if (strcmp(format, "jpeg") != 0)
        return vips_image_new_from_buffer(data, original->size, "", "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
                                          VIPS_FAIL_ON_TRUNCATED, NULL);
    if (vips_jpegload_buffer(data, original->size, &header, NULL) != 0)
        return NULL;
    int shrink = jpeg_shrink(header, px);
    g_object_unref(header);
    if (vips_jpegload_buffer(data, original->size, &small, "shrink", shrink, "access", VIPS_ACCESS_SEQUENTIAL,
                             "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL) != 0)
        return NULL;
    return small;
}

static bool is_plain(VipsImage *image)
{
    VipsInterpretation meaning = vips_image_get_interpretation(image);
    int bands = vips_image_get_bands(image);
    return vips_image_get_format(image) == VIPS_FORMAT_UCHAR && (bands == 3 || bands == 4) &&
           (meaning == VIPS_INTERPRETATION_sRGB || meaning == VIPS_INTERPRETATION_RGB) &&
           vips_image_hasalpha(image) == (bands == 4) &&
           (int64_t)vips_image_get_width(image) * vips_image_get_height(image) <= MEMORY_PIXELS_MAX;
}

/* Turned as its header says, and from its profile to sRGB. */
static VipsImage *finish(VipsImage *small)
{
    VipsImage *upright = NULL, *srgb = NULL, *memory = NULL;
    if (vips_autorot(small, &upright, NULL) != 0)
        return NULL;
    bool profile = vips_image_get_typeof(upright, VIPS_META_ICC_NAME) != 0;
    /* a profile that cannot be used says nothing: then the colours are sRGB as they stand */
    if (profile && vips_icc_transform(upright, &srgb, "srgb", "embedded", TRUE, NULL) != 0)
        vips_error_clear();
    memory = to_srgb(srgb ? srgb : upright);
    g_clear_object(&upright);
    g_clear_object(&srgb);
    return memory;
}

/* The fields that finish() needs survive the way through plain memory. */
static void keep_fields(VipsImage *from, VipsImage *to)
{
    const void *profile;
    size_t size;
    if (vips_image_get_typeof(from, VIPS_META_ICC_NAME) &&
        vips_image_get_blob(from, VIPS_META_ICC_NAME, &profile, &size) == 0)
        vips_image_set_blob_copy(to, VIPS_META_ICC_NAME, profile, size);
    vips_image_set_int(to, VIPS_META_ORIENTATION, vips_image_get_orientation(from));
}

static VipsImage *shrink_plain(struct sp_op *op, VipsImage *image, int px)
{
    size_t size;
    struct resample_picture small;
    double scale = (double)px / VIPS_MAX(vips_image_get_width(image), vips_image_get_height(image));
    void *pixels = vips_image_write_to_memory(image, &size);
    if (!pixels)
        return NULL;
    const struct resample_picture full = {pixels, (unsigned)vips_image_get_width(image),
                                          (unsigned)vips_image_get_height(image),
                                          (unsigned)vips_image_get_bands(image)};
    unsigned width = scale < 1 ? (unsigned)VIPS_MAX(1, VIPS_RINT(full.width * scale)) : full.width;
    unsigned height = scale < 1 ? (unsigned)VIPS_MAX(1, VIPS_RINT(full.height * scale)) : full.height;
    struct sp_err *err = resample_down(op, &full, width, height, &small);
    g_free(pixels);
    if (err)
        return NULL;
    VipsImage *plain = picture_wrap(&small);
    if (!plain)
        return NULL;
    keep_fields(image, plain);
    VipsImage *finished = finish(plain);
    g_object_unref(plain);
    return finished;
}

VipsImage *picture_wrap(const struct resample_picture *picture)
{
    VipsImage *image =
        vips_image_new_from_memory(picture->pixels, (size_t)picture->width * picture->height * picture->bands,
                                   (int)picture->width, (int)picture->height, (int)picture->bands, VIPS_FORMAT_UCHAR);
    if (image)
        image->Type = VIPS_INTERPRETATION_sRGB;
    return image;
}

VipsImage *picture_load(struct sp_op *op, const struct original *original, const char *format, unsigned px)
{
    VipsImage *image = open_small(original, format, (int)px);
    if (!image)
        return NULL;
    VipsImage *preview = is_plain(image) ? shrink_plain(op, image, (int)px) : load_any(original, image, (int)px);
    g_object_unref(image);
    return preview;
}
