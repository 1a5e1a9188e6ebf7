/*
 * Pixels, by libvips: look at the header, then render. The preview is made from the original (shrinking while it loads),
 * the thumbnail from the preview, the thumbhash from the thumbnail. Everything ends up in sRGB and upright.
 */
#include "swissphoto-decode/decode.h"

#include <string.h>
#include <vips/vips.h>

#include "swissphoto-decode/thumbhash.h"

/* Loaders that may see hostile bytes: fuzzed upstream, and what phones and browsers write. */
static const struct {
    const char *class_prefix, *format;
} loaders[] = {
    {"VipsForeignLoadJpeg", "jpeg"}, {"VipsForeignLoadPng", "png"},   {"VipsForeignLoadWebp", "webp"},
    {"VipsForeignLoadHeif", "heif"}, {"VipsForeignLoadTiff", "tiff"}, {"VipsForeignLoadNsgif", "gif"},
};

/* The head of a HEIC file: enough to make libheif load its decoders, not enough to start decoding. */
static const unsigned char heic_head[] = "\0\0\0\x1c" "ftypheic" "\0\0\0\0" "mif1heic" "heix" "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

bool decode_fail(struct media_reply *reply, enum media_status status, const char *message)
{
    if (reply->status == MEDIA_OK) {
        reply->status = status;
        g_strlcpy(reply->message, message, sizeof(reply->message));
    }
    return false;
}

bool picture_load_codecs(void)
{
    if (VIPS_INIT("swissphoto-decode") != 0)
        return false;
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    VipsImage *image = vips_image_new_from_buffer(heic_head, sizeof(heic_head), "", NULL);
    if (image)
        g_object_unref(image);
    vips_error_clear();
    return true;
}

static const char *format_of(const struct original *original)
{
    const char *found = vips_foreign_find_load_buffer(original->data, original->size);
    for (size_t i = 0; found && i < G_N_ELEMENTS(loaders); i++)
        if (g_str_has_prefix(found, loaders[i].class_prefix))
            return loaders[i].format;
    return NULL;
}

bool picture_look(const struct original *original, struct media_reply *reply)
{
    const char *format = format_of(original);
    if (!format)
        return decode_fail(reply, MEDIA_BROKEN, "The file is not a picture that can be shown, or it is damaged.");
    g_strlcpy(reply->format, format, sizeof(reply->format));
    VipsImage *image =
        vips_image_new_from_buffer(original->data, original->size, "", "access", VIPS_ACCESS_SEQUENTIAL, NULL);
    if (!image)
        return decode_fail(reply, MEDIA_BROKEN, "The picture is damaged: its header cannot be read.");
    int width = vips_image_get_width(image), height = vips_image_get_page_height(image);
    bool turned = vips_image_get_orientation(image) >= 5;
    g_object_unref(image);
    if (width < 1 || height < 1 || width > MEDIA_SIDE_MAX || height > MEDIA_SIDE_MAX ||
        (int64_t)width * height > MEDIA_PIXELS_MAX)
        return decode_fail(reply, MEDIA_TOO_LARGE, "The picture has more than 268 million pixels or 65,500 on a side.");
    reply->width = turned ? height : width;
    reply->height = turned ? width : height;
    return true;
}

static bool damaged(struct media_reply *reply)
{
    vips_error_clear();
    return decode_fail(reply, MEDIA_BROKEN, "The picture is damaged: it cannot be decoded to its end.");
}

static bool unwritable(struct media_reply *reply)
{
    vips_error_clear();
    return decode_fail(reply, MEDIA_FAILED, "The preview could not be written.");
}

/* Whatever it was, 8-bit sRGB with or without alpha, in memory. */
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

static VipsImage *load_preview(const struct original *original, unsigned px)
{
    VipsImage *image = NULL;
    /* the API takes a pointer to non-const and does not write to it */
    if (vips_thumbnail_buffer((void *)(uintptr_t)original->data, original->size, &image, (int)px, "height", (int)px,
                              "size", VIPS_SIZE_DOWN, "export_profile", "srgb", "fail_on", VIPS_FAIL_ON_TRUNCATED,
                              NULL) != 0)
        return NULL;
    VipsImage *srgb = to_srgb(image);
    g_object_unref(image);
    return srgb;
}

static bool save_jpeg(VipsImage *image, int fd, unsigned quality)
{
    VipsImage *flat = NULL;
    VipsTarget *target = vips_target_new_to_descriptor(fd);
    double white = 255;
    VipsArrayDouble *background = vips_array_double_new(&white, 1);
    bool saved = target && vips_flatten(image, &flat, "background", background, NULL) == 0 &&
                 vips_jpegsave_target(flat, target, "Q", (int)quality, "strip", TRUE, "optimize_coding", TRUE, NULL) == 0;
    vips_area_unref(VIPS_AREA(background));
    g_clear_object(&flat);
    g_clear_object(&target);
    return saved;
}

static bool save_webp(VipsImage *image, int fd, unsigned quality)
{
    VipsTarget *target = vips_target_new_to_descriptor(fd);
    bool saved = target && vips_webpsave_target(image, target, "Q", (int)quality, "strip", TRUE, "effort", 2, NULL) == 0;
    g_clear_object(&target);
    return saved;
}

/* The shorter side becomes px, so that a square or justified tile is filled; never enlarged. */
static VipsImage *shrink_to_shorter(VipsImage *image, unsigned px)
{
    int width = vips_image_get_width(image), height = vips_image_get_height(image);
    double scale = (double)px / (width < height ? width : height);
    VipsImage *small = NULL;
    if (scale >= 1)
        return vips_image_copy_memory(image);
    if (vips_thumbnail_image(image, &small, (int)(width * scale + 0.5), "height", (int)(height * scale + 0.5), "size",
                             VIPS_SIZE_FORCE, NULL) != 0)
        return NULL;
    VipsImage *memory = vips_image_copy_memory(small);
    g_object_unref(small);
    return memory;
}

static bool hash_thumbnail(VipsImage *thumbnail, struct media_reply *reply)
{
    VipsImage *tiny = NULL, *rgba = NULL;
    size_t size = 0;
    void *pixels = NULL;
    bool hashed = false;
    if (vips_thumbnail_image(thumbnail, &tiny, THUMBHASH_SIDE_MAX, "height", THUMBHASH_SIDE_MAX, "size", VIPS_SIZE_DOWN,
                             NULL) == 0 &&
        (vips_image_hasalpha(tiny) ? vips_copy(tiny, &rgba, NULL) : vips_addalpha(tiny, &rgba, NULL)) == 0)
        pixels = vips_image_write_to_memory(rgba, &size);
    if (pixels && size == (size_t)rgba->Xsize * (size_t)rgba->Ysize * 4) {
        reply->thumbhash_size =
            (uint32_t)thumbhash_encode((unsigned)rgba->Xsize, (unsigned)rgba->Ysize, pixels, reply->thumbhash);
        hashed = true;
    }
    g_free(pixels);
    g_clear_object(&tiny);
    g_clear_object(&rgba);
    return hashed;
}

static bool render_small(VipsImage *preview, const struct media_request *request, const struct outputs *outputs,
                         struct media_reply *reply)
{
    VipsImage *thumbnail = shrink_to_shorter(preview, request->thumbnail_px);
    if (!thumbnail)
        return damaged(reply);
    reply->thumbnail_width = vips_image_get_width(thumbnail);
    reply->thumbnail_height = vips_image_get_height(thumbnail);
    bool done = save_webp(thumbnail, outputs->thumbnail_fd, request->thumbnail_quality) &&
                hash_thumbnail(thumbnail, reply);
    g_object_unref(thumbnail);
    return done || unwritable(reply);
}

bool picture_render(const struct original *original, const struct media_request *request, const struct outputs *outputs,
                    struct media_reply *reply)
{
    VipsImage *preview = load_preview(original, request->preview_px);
    if (!preview)
        return damaged(reply);
    reply->preview_width = vips_image_get_width(preview);
    reply->preview_height = vips_image_get_height(preview);
    bool done = save_jpeg(preview, outputs->preview_fd, request->preview_quality) || unwritable(reply);
    done = done && render_small(preview, request, outputs, reply);
    g_object_unref(preview);
    return done;
}
