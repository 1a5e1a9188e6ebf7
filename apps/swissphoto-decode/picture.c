/*
 * Pixels, by libvips: look at the header, then render. The preview is made from the original (shrinking while it
 * loads), the thumbnail from the preview, the thumbhash from the thumbnail. Everything ends up in sRGB, 8 bits and
 * upright; transparency stays in the thumbnail and becomes white in the preview, which is a JPEG; of an animation the
 * first frame is taken. A file that ends too early is an error, not a half grey picture: whoever has the whole one
 * should learn it. Damage inside is rendered as well as the codec can. The decoding process.
 */
#include "swissphoto-decode/decode.h"

#include <string.h>
#include <unistd.h>
#include <vips/vips.h>

#include "base/op.h"
#include "media/exif_text.h"
#include "media/resample.h"
#include "media/thumbhash.h"
#include "swissphoto-decode/pixels.h"

bool decode_fail(struct media_reply *reply, enum media_status status, const char *message, const char *detail)
{
    if (reply->status == MEDIA_OK) {
        reply->status = status;
        exif_clean_text(reply->message, sizeof(reply->message), message);
        exif_clean_text(reply->detail, sizeof(reply->detail), detail ? detail : "");
    }
    return false;
}

/* A file of a newer kind than the codec is not damaged, and people should not think so. */
static bool unreadable(struct media_reply *reply)
{
    static const char *const signs[] = {"nsupported", "auxiliary image references", "not implemented"};
    const char *error = vips_error_buffer();
    for (size_t i = 0; i < G_N_ELEMENTS(signs); i++)
        if (strstr(error, signs[i]))
            return decode_fail(reply, MEDIA_UNSUPPORTED,
                               "The picture uses a feature that the codec on this server is too old for.", error);
    return decode_fail(reply, MEDIA_BROKEN, "The picture is damaged: its header cannot be read.", error);
}

static bool look_at(VipsImage *image, struct media_reply *reply)
{
    int width = vips_image_get_width(image), height = vips_image_get_page_height(image);
    bool turned = vips_image_get_orientation_swap(image);
    if (width < 1 || height < 1 || width > MEDIA_SIDE_MAX || height > MEDIA_SIDE_MAX ||
        (int64_t)width * height > MEDIA_PIXELS_MAX)
        return decode_fail(reply, MEDIA_TOO_LARGE, "The picture has more than 268 million pixels or 65,500 on a side.",
                           NULL);
    reply->width = turned ? height : width;
    reply->height = turned ? width : height;
    return true;
}

bool picture_look(const struct original *original, struct media_reply *reply)
{
    const char *format = codecs_format_of(original);
    if (!format)
        return decode_fail(reply, MEDIA_BROKEN, "The file is not a picture that can be shown, or it is damaged.", NULL);
    g_strlcpy(reply->format, format, sizeof(reply->format));
    if (strcmp(format, "tiff") == 0 && metadata_is_raw(original))
        return decode_fail(reply, MEDIA_UNSUPPORTED, "Previews of RAW pictures are not made yet.", NULL);
    VipsImage *image =
        vips_image_new_from_buffer(original->data, original->size, "", "access", VIPS_ACCESS_SEQUENTIAL, NULL);
    if (!image)
        return unreadable(reply);
    bool sound = look_at(image, reply);
    g_object_unref(image);
    return sound;
}

/* Of all that the codecs say, only this is worth another sentence. */
static bool was_cut_off(const char *error)
{
    static const char *const signs[] = {"remature end", "end of file",   "end of image",   "End of file",
                                        "runcated",     "end of stream", "Unexpected EOF", "not enough data"};
    for (size_t i = 0; i < G_N_ELEMENTS(signs); i++)
        if (strstr(error, signs[i]))
            return true;
    return false;
}

static bool damaged(struct media_reply *reply)
{
    const char *error = vips_error_buffer();
    if (strstr(error, "out of memory"))
        return decode_fail(reply, MEDIA_KILLED, "The picture needs more memory to decode than it may have.", error);
    if (was_cut_off(error))
        return decode_fail(reply, MEDIA_BROKEN, "The file ends before the picture does: it was cut off.", error);
    return decode_fail(reply, MEDIA_BROKEN, "The picture is damaged: it cannot be decoded.", error);
}

static bool unwritable(struct media_reply *reply)
{
    return decode_fail(reply, MEDIA_FAILED, "The preview could not be written.", vips_error_buffer());
}

/* A second try may have the same open file: what the first one left goes. */
static VipsTarget *target_of(int fd)
{
    if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0)
        return NULL;
    return vips_target_new_to_descriptor(fd);
}

/* JPEG has no alpha: white shines through. vips_flatten takes any last band for alpha, so it is asked only about one.
 */
static VipsImage *flatten(VipsImage *image)
{
    if (!vips_image_hasalpha(image))
        return g_object_ref(image);
    double white = 255;
    VipsImage *flat = NULL;
    VipsArrayDouble *background = vips_array_double_new(&white, 1);
    int failed = vips_flatten(image, &flat, "background", background, NULL);
    vips_area_unref(VIPS_AREA(background));
    return failed ? NULL : flat;
}

static bool save_jpeg(VipsImage *image, int fd, unsigned quality)
{
    VipsTarget *target = target_of(fd);
    VipsImage *flat = flatten(image);
    bool saved =
        target && flat &&
        vips_jpegsave_target(flat, target, "Q", (int)quality, "strip", TRUE, "optimize_coding", TRUE, NULL) == 0;
    g_clear_object(&flat);
    g_clear_object(&target);
    return saved;
}

static bool save_webp(VipsImage *image, int fd, unsigned quality)
{
    VipsTarget *target = target_of(fd);
    bool saved =
        target && vips_webpsave_target(image, target, "Q", (int)quality, "strip", TRUE, "effort", 2, NULL) == 0;
    g_clear_object(&target);
    return saved;
}

static struct resample_picture pixels_of(VipsImage *image)
{
    return (struct resample_picture){vips_image_get_data(image), (unsigned)vips_image_get_width(image),
                                     (unsigned)vips_image_get_height(image), (unsigned)vips_image_get_bands(image)};
}

/* Scaled to fit; never enlarged, never without a pixel. */
static struct sp_err *shrink(struct sp_op *op, const struct resample_picture *picture, double scale,
                             struct resample_picture *ret_picture)
{
    if (scale >= 1) {
        *ret_picture = *picture;
        return NULL;
    }
    unsigned width = (unsigned)(picture->width * scale + 0.5), height = (unsigned)(picture->height * scale + 0.5);
    return resample_down(op, picture, width ? width : 1, height ? height : 1, ret_picture);
}

static struct sp_err *hash_thumbnail(struct sp_op *op, const struct resample_picture *thumbnail,
                                     struct media_reply *reply)
{
    struct resample_picture tiny;
    uint8_t *rgba;
    size_t size, bands = thumbnail->bands;
    SP_TRY(shrink(op, thumbnail, (double)THUMBHASH_SIDE_MAX / VIPS_MAX(thumbnail->width, thumbnail->height), &tiny));
    SP_NEW_ARRAY(op, rgba, (size_t)tiny.width * tiny.height * 4);
    for (size_t i = 0; i < (size_t)tiny.width * tiny.height; i++) {
        memcpy(rgba + 4 * i, tiny.pixels + bands * i, 3);
        rgba[4 * i + 3] = bands == 4 ? tiny.pixels[4 * i + 3] : 255;
    }
    SP_TRY(thumbhash_encode(op, tiny.width, tiny.height, rgba, reply->thumbhash, &size));
    reply->thumbhash_size = (uint32_t)size;
    return NULL;
}

/* The shorter side becomes thumbnail_px, so that a square or justified tile is filled. */
static bool render_small(struct sp_op *op, const struct resample_picture *preview, const struct media_request *request,
                         int fd, struct media_reply *reply)
{
    struct resample_picture thumbnail;
    struct sp_err *err =
        shrink(op, preview, (double)request->thumbnail_px / VIPS_MIN(preview->width, preview->height), &thumbnail);
    if (!err)
        err = hash_thumbnail(op, &thumbnail, reply);
    if (err)
        return decode_fail(reply, MEDIA_KILLED, "The picture needs more memory to decode than it may have.",
                           err->message);
    reply->thumbnail_width = (int32_t)thumbnail.width;
    reply->thumbnail_height = (int32_t)thumbnail.height;
    VipsImage *image = picture_wrap(&thumbnail);
    bool saved = image && save_webp(image, fd, request->thumbnail_quality);
    g_clear_object(&image);
    return saved || unwritable(reply);
}

bool picture_render(struct sp_op *op, const struct original *original, const struct media_request *request,
                    const struct outputs *outputs, struct media_reply *reply)
{
    VipsImage *image = picture_load(op, original, reply->format, request->preview_px);
    if (!image)
        return damaged(reply);
    const struct resample_picture preview = pixels_of(image);
    reply->preview_width = (int32_t)preview.width;
    reply->preview_height = (int32_t)preview.height;
    bool done = save_jpeg(image, outputs->preview_fd, request->preview_quality) || unwritable(reply);
    done = done && render_small(op, &preview, request, outputs->thumbnail_fd, reply);
    g_object_unref(image);
    return done;
}
