/*
 * Which codecs there are, loaded before the first fork: what a decoding process needs must be in memory by then, for it
 * cannot open a file any more. And it should be no more than that: libvips' plug-ins for ImageMagick, poppler and
 * OpenSlide are not even loaded, and of its own loaders only those in the table answer. The zygote's one thread.
 */
#include "swissphoto-decode/decode.h"

#include <dlfcn.h>
#include <errno.h>
#include <gexiv2/gexiv2.h>
#include <gmodule.h>
#include <iconv.h>
#include <stdio.h>
#include <string.h>
#include <vips/vips.h>

/* Loaders that may see hostile bytes: fuzzed by libvips' authors, and what phones and browsers write. */
static const struct {
    const char *class_name, *format;
} loaders[] = {
    {"VipsForeignLoadJpeg", "jpeg"}, {"VipsForeignLoadPng", "png"},   {"VipsForeignLoadWebp", "webp"},
    {"VipsForeignLoadHeif", "heif"}, {"VipsForeignLoadTiff", "tiff"}, {"VipsForeignLoadNsgif", "gif"},
};

/* The head of a HEIC file: enough for libheif to load its decoders, not enough to decode, which would start threads. */
static const unsigned char heic_head[] = "\0\0\0\x1c"
                                         "ftypheic\0\0\0\0"
                                         "mif1heic"
                                         "heix\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/* Charsets of EXIF's comments and IPTC, which the C library loads from files. Kept open, so that they stay. */
static const char *const charsets[] = {"UCS-2BE", "UCS-2LE", "UTF-16BE", "UTF-16LE", "ISO-8859-1", "SHIFT_JIS"};

/* libvips-heif is a plug-in in Debian, beside the library in vips-modules-8.14; built in elsewhere. */
static bool load_heif(void)
{
    Dl_info library;
    if (dladdr((void *)(uintptr_t)vips_init, &library) == 0)
        return false;
    g_autofree char *folder = g_path_get_dirname(library.dli_fname);
    g_autofree char *modules = g_strdup_printf("vips-modules-%d.%d", vips_version(0), vips_version(1));
    g_autofree char *path = g_build_filename(folder, modules, "vips-heif.so", NULL);
    GModule *module = g_module_open(path, G_MODULE_BIND_LOCAL);
    if (module)
        g_module_make_resident(module);
    return g_type_from_name("VipsForeignLoadHeif") != 0;
}

static void allow_listed_loaders(void)
{
    vips_operation_block_set("VipsForeignLoad", TRUE);
    for (size_t i = 0; i < G_N_ELEMENTS(loaders); i++)
        vips_operation_block_set(loaders[i].class_name, FALSE);
}

/* Looking for a loader initialises all of them; HEIF's opens its decoders when it first sees a file. */
static void warm_up(void)
{
    VipsImage *image = vips_image_new_from_buffer(heic_head, sizeof(heic_head), "", NULL);
    g_clear_object(&image);
    vips_error_clear();
    for (size_t i = 0; i < G_N_ELEMENTS(charsets); i++)
        (void)iconv_open("UTF-8", charsets[i]); /* one that is not installed: such a comment stays unread */
}

bool codecs_load(void)
{
    g_setenv("VIPSHOME", "/nonexistent", TRUE); /* libvips looks for plug-ins there, and finds none */
    if (VIPS_INIT("swissphoto-decode") != 0) {
        fprintf(stderr, "swissphoto-decode: libvips: %s", vips_error_buffer());
        return false;
    }
    if (!load_heif())
        fprintf(stderr, "swissphoto-decode: libvips has no HEIF here; HEIC and AVIF stay without previews\n");
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    allow_listed_loaders();
    warm_up();
    if (!gexiv2_initialize()) {
        fprintf(stderr, "swissphoto-decode: gexiv2 cannot be initialised\n");
        return false;
    }
    return true;
}

const char *codecs_format_of(const struct original *original)
{
    const char *found = vips_foreign_find_load_buffer(original->data, original->size);
    vips_error_clear();
    for (size_t i = 0; found && i < G_N_ELEMENTS(loaders); i++)
        if (g_str_has_prefix(found, loaders[i].class_name))
            return loaders[i].format;
    return NULL;
}
