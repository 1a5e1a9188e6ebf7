/* What counts as an e-mail address: the WHATWG form (HTML standard, "valid e-mail address"), at most 254 bytes. */
#ifndef SP_CONTRACT_EMAIL_H
#define SP_CONTRACT_EMAIL_H

#include <stdbool.h>

bool schema_is_email(const char *text);

#endif
