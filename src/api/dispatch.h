/*
 * From an HTTP request to its handler and back: who asks (authentication and the permission gate), input by the
 * operation's tables, the handler, the answer by its table. Used by apps/swissphotod.
 */
#ifndef SP_API_DISPATCH_H
#define SP_API_DISPATCH_H

#include "http/server.h"

struct api_app;

/* The application for http_server_create. app is borrowed for as long as the server runs. */
struct http_app api_http_app(struct api_app *app);

#endif
