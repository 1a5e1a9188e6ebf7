/* IP addresses and networks; see address.h. */
#include "http/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/heap.h"
#include "base/op.h"

struct network {
    struct http_address address;
    unsigned bits;
};

struct http_networks {
    size_t count;
    struct network items[];
};

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_mapped(const struct http_address *address)
{
    return memcmp(address->bytes, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

static void set_ipv4(struct http_address *address, const void *four_bytes)
{
    memcpy(address->bytes, mapped_prefix, sizeof(mapped_prefix));
    memcpy(address->bytes + sizeof(mapped_prefix), four_bytes, 4);
}

bool http_address_of_peer(const struct sockaddr *peer, struct http_address *ret_address)
{
    if (peer && peer->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, peer, sizeof(in));
        set_ipv4(ret_address, &in.sin_addr);
        return true;
    }
    if (peer && peer->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, peer, sizeof(in6));
        memcpy(ret_address->bytes, &in6.sin6_addr, sizeof(ret_address->bytes));
        return true;
    }
    set_ipv4(ret_address, (const uint8_t[]){127, 0, 0, 1});
    return false;
}

static bool parse_bare(const char *text, struct http_address *ret_address)
{
    struct in_addr in;
    struct in6_addr in6;
    if (inet_pton(AF_INET, text, &in) == 1) {
        set_ipv4(ret_address, &in);
        return true;
    }
    if (inet_pton(AF_INET6, text, &in6) == 1) {
        memcpy(ret_address->bytes, &in6, sizeof(ret_address->bytes));
        return true;
    }
    return false;
}

bool http_address_parse(const char *text, size_t length, struct http_address *ret_address)
{
    char copy[HTTP_ADDRESS_TEXT_BYTES + 8]; /* brackets and a port */
    if (length == 0 || length >= sizeof(copy))
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (copy[0] == '[') {
        char *close = strchr(copy, ']');
        if (!close || (close[1] != '\0' && close[1] != ':'))
            return false;
        *close = '\0';
        return parse_bare(copy + 1, ret_address);
    }
    char *colon = strchr(copy, ':');
    if (colon && !strchr(colon + 1, ':')) /* one colon: IPv4 with a port */
        *colon = '\0';
    return parse_bare(copy, ret_address);
}

void http_address_format(const struct http_address *address, char ret_text[static HTTP_ADDRESS_TEXT_BYTES])
{
    if (is_mapped(address))
        inet_ntop(AF_INET, address->bytes + sizeof(mapped_prefix), ret_text, HTTP_ADDRESS_TEXT_BYTES);
    else
        inet_ntop(AF_INET6, address->bytes, ret_text, HTTP_ADDRESS_TEXT_BYTES);
}

bool http_address_is_loopback(const struct http_address *address)
{
    static const uint8_t six[16] = {[15] = 1};
    return (is_mapped(address) && address->bytes[12] == 127) || memcmp(address->bytes, six, sizeof(six)) == 0;
}

bool http_address_same_client(const struct http_address *a, const struct http_address *b)
{
    return memcmp(a->bytes, b->bytes, is_mapped(a) || is_mapped(b) ? 16 : 8) == 0;
}

static bool parse_network(const char *text, size_t length, struct network *ret_network)
{
    const char *slash = memchr(text, '/', length);
    size_t address_length = slash ? (size_t)(slash - text) : length;
    if (!http_address_parse(text, address_length, &ret_network->address))
        return false;
    bool four = is_mapped(&ret_network->address) && memchr(text, ':', address_length) == NULL;
    unsigned widest = four ? 32 : 128, bits = widest;
    if (slash) {
        const char *digit = slash + 1, *end = text + length;
        if (digit == end || end - digit > 3)
            return false;
        for (bits = 0; digit < end; digit++) {
            if (*digit < '0' || *digit > '9')
                return false;
            bits = bits * 10 + (unsigned)(*digit - '0');
        }
        if (bits > widest)
            return false;
    }
    ret_network->bits = bits + (four ? 96 : 0);
    return true;
}

struct sp_err *http_networks_create(struct sp_op *op, const char *list, struct http_networks **ret_networks)
{
    if (!list)
        list = "";
    size_t most = 1;
    for (const char *c = list; *c; c++)
        most += *c == ',';
    struct http_networks *networks = sp_heap_new(1, sizeof(*networks) + most * sizeof(networks->items[0]));
    if (!networks)
        return sp_err_no_memory();
    while (*list) {
        size_t length = strcspn(list, ",");
        size_t start = strspn(list, " "), end = length;
        while (end > start && list[end - 1] == ' ')
            end--;
        if (start < end && !parse_network(list + start, end - start, &networks->items[networks->count++])) {
            http_networks_destroy(networks);
            return sp_fail(op, SP_INVALID, "\"%.*s\" is no address or network. Write 192.0.2.1 or 10.0.0.0/8.",
                           (int)(end - start), list + start);
        }
        list += length + (list[length] == ',');
    }
    *ret_networks = networks;
    return NULL;
}

void http_networks_destroy(struct http_networks *networks) { sp_heap_free(networks); }

static bool contains(const struct network *network, const struct http_address *address)
{
    unsigned bytes = network->bits / 8, rest = network->bits % 8;
    if (memcmp(network->address.bytes, address->bytes, bytes) != 0)
        return false;
    if (rest == 0)
        return true;
    uint8_t mask = (uint8_t)(0xff << (8 - rest));
    return ((network->address.bytes[bytes] ^ address->bytes[bytes]) & mask) == 0;
}

bool http_networks_have(const struct http_networks *networks, const struct http_address *address)
{
    for (size_t i = 0; i < networks->count; i++)
        if (contains(&networks->items[i], address))
            return true;
    return false;
}

struct http_address http_forwarded_client(const struct http_networks *trusted, const struct http_address *peer,
                                          const char *forwarded_for)
{
    struct http_address client = *peer;
    size_t end = forwarded_for ? strlen(forwarded_for) : 0;
    while (end > 0 && http_networks_have(trusted, &client)) {
        size_t start = end;
        while (start > 0 && forwarded_for[start - 1] != ',')
            start--;
        size_t first = start, last = end;
        while (first < last && forwarded_for[first] == ' ')
            first++;
        while (last > first && forwarded_for[last - 1] == ' ')
            last--;
        struct http_address hop;
        if (!http_address_parse(forwarded_for + first, last - first, &hop))
            break;
        client = hop;
        end = start > 0 ? start - 1 : 0;
    }
    return client;
}
