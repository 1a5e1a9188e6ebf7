/* Accepting connections; see acceptor.h. */
#include "http/acceptor.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/heap.h"
#include "base/op.h"
#include "http/address.h"
#include "http/guard.h"
#include "http/server_state.h"
#include "http/thread.h"

enum { BACKLOG = 1024, PAUSE_MS = 100 };

struct http_acceptor {
    struct http_server *server;
    int listen_fd, wake_fd;
    _Atomic bool stopping;
    bool running;
    unsigned next_daemon;
    pthread_t thread;
};

static struct sp_err *open_socket(struct sp_op *op, const struct addrinfo *at, int *ret_fd)
{
    int on = 1, off = 0;
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return sp_fail_errno(op, "socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)); /* accepted sockets inherit it */
    if (at->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, at->ai_addr, at->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        struct sp_err *err = sp_fail_errno(op, "bind and listen");
        close(fd);
        return err;
    }
    *ret_fd = fd;
    return NULL;
}

static struct sp_err *listen_at(struct sp_op *op, const char *address, uint16_t port, int *ret_fd)
{
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char service[8];
    snprintf(service, sizeof(service), "%u", port);
    if (getaddrinfo(address, service, &hints, &found) != 0)
        return sp_fail(op, SP_INVALID, "\"%s\" is no address to listen on. Write 127.0.0.1 or ::.", address);
    struct sp_err *err = open_socket(op, found, ret_fd);
    freeaddrinfo(found);
    return err ? sp_wrap(op, err, "The server cannot listen on %s port %u.", address, port) : NULL;
}

static struct sp_err *inherit(struct sp_op *op, int fd)
{
    int flags = fcntl(fd, F_GETFL), on = 0;
    socklen_t size = sizeof(on);
    if (flags < 0 || getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &size) != 0 || !on)
        return sp_fail(op, SP_INVALID, "Descriptor %d is no listening socket.", fd);
    if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return sp_fail_errno(op, "fcntl");
    return NULL;
}

/* False: none waits, or none can be taken at the moment. */
static bool accept_one(struct http_acceptor *acceptor)
{
    struct http_server *server = acceptor->server;
    struct sockaddr_storage peer = {0};
    socklen_t size = sizeof(peer);
    int fd = accept4(acceptor->listen_fd, (struct sockaddr *)&peer, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
            poll(NULL, 0, PAUSE_MS); /* the socket stays readable: do not spin */
        return errno == ECONNABORTED || errno == EINTR;
    }
    struct http_address address;
    bool is_ip = http_address_of_peer((struct sockaddr *)&peer, &address);
    bool trusted = http_networks_have(server->trusted, &address) || !is_ip;
    unsigned daemon = acceptor->next_daemon++ % server->daemon_count;
    struct http_connection *connection = http_guard_add(server->guard, fd, daemon, &address, trusted);
    if (!connection) {
        close(fd);
        return true;
    }
    if (MHD_add_connection(server->daemons[daemon], fd, (struct sockaddr *)&peer, size) != MHD_YES)
        http_guard_remove(server->guard, connection); /* libmicrohttpd has closed it */
    return true;
}

static void *run(void *argument)
{
    struct http_acceptor *acceptor = argument;
    struct http_server *server = acceptor->server;
    struct pollfd wait[2] = {{.fd = acceptor->wake_fd, .events = POLLIN}, {.fd = acceptor->listen_fd}};
    while (!atomic_load(&acceptor->stopping)) {
        bool room = http_guard_connections(server->guard) < server->config.connections_max;
        wait[1].events = room ? POLLIN : 0;
        wait[1].revents = 0;
        poll(wait, 2, -1);
        uint64_t count;
        if (wait[0].revents && read(acceptor->wake_fd, &count, sizeof(count)) < 0)
            continue;
        while (room && wait[1].revents && !atomic_load(&acceptor->stopping) && accept_one(acceptor))
            room = http_guard_connections(server->guard) < server->config.connections_max;
    }
    return NULL;
}

struct sp_err *http_acceptor_create(struct sp_op *op, struct http_server *server, struct http_acceptor **ret_acceptor)
{
    const struct http_server_config *config = &server->config;
    struct http_acceptor *acceptor = sp_heap_new(1, sizeof(*acceptor));
    if (!acceptor)
        return sp_err_no_memory();
    acceptor->server = server;
    acceptor->listen_fd = config->listen_fd;
    acceptor->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct sp_err *err = acceptor->wake_fd < 0 ? sp_fail_errno(op, "eventfd") : NULL;
    if (!err)
        err = config->listen_fd >= 0 ? inherit(op, config->listen_fd)
                                     : listen_at(op, config->address, config->port, &acceptor->listen_fd);
    if (err) {
        http_acceptor_destroy(acceptor);
        return err;
    }
    *ret_acceptor = acceptor;
    return NULL;
}

struct sp_err *http_acceptor_start(struct sp_op *op, struct http_acceptor *acceptor)
{
    SP_TRY(http_thread_start(op, "http-accept", HTTP_STACK_SMALL, run, acceptor, &acceptor->thread));
    acceptor->running = true;
    return NULL;
}

uint16_t http_acceptor_port(const struct http_acceptor *acceptor)
{
    struct sockaddr_storage own = {0};
    socklen_t size = sizeof(own);
    if (getsockname(acceptor->listen_fd, (struct sockaddr *)&own, &size) != 0)
        return 0;
    if (own.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *)&own)->sin_port);
    return own.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&own)->sin6_port) : 0;
}

void http_acceptor_room(struct http_acceptor *acceptor)
{
    if (acceptor)
        eventfd_write(acceptor->wake_fd, 1);
}

void http_acceptor_stop(struct http_acceptor *acceptor)
{
    if (!acceptor->running)
        return;
    atomic_store(&acceptor->stopping, true);
    http_acceptor_room(acceptor);
    pthread_join(acceptor->thread, NULL);
    acceptor->running = false;
}

void http_acceptor_destroy(struct http_acceptor *acceptor)
{
    if (!acceptor)
        return;
    http_acceptor_stop(acceptor);
    if (acceptor->listen_fd >= 0)
        close(acceptor->listen_fd);
    if (acceptor->wake_fd >= 0)
        close(acceptor->wake_fd);
    sp_heap_free(acceptor);
}
