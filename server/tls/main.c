/* alcove-tls-identity: makes the server's TLS key and certificate, or tells their pin. Run by
 * `alcoved init`; a program of its own so that alcoved imports nothing that makes keys. */
#include "server/tls/tls_identity.h"

#include <stdio.h>
#include <sys/stat.h>

static int print_pin(enum status status, const struct hash *pin)
{
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "alcove-tls-identity: %s\n", status_reason(status));
        return status == STATUS_ALREADY ? 3 : 1;
    }
    /* By hand: libsodium, which hex.h stands on, is none of this program's business. */
    for (size_t i = 0; i < HASH_BYTES; i++) {
        (void)printf("%02x", pin->bytes[i]);
    }
    return printf("\n") > 0 && fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    (void)umask(077);
    struct hash pin;
    if (argc == 4 && strcmp(argv[1], "make") == 0) {
        return print_pin(tls_identity_make(argv[2], argv[3], &pin), &pin);
    }
    if (argc == 3 && strcmp(argv[1], "pin") == 0) {
        return print_pin(tls_identity_pin(argv[2], &pin), &pin);
    }
    (void)fprintf(argc == 2 && strcmp(argv[1], "--help") == 0 ? stdout : stderr,
                  "Usage: alcove-tls-identity make KEY CERTIFICATE | pin CERTIFICATE\n\n"
                  "Prints SHA-256 of the certificate's SubjectPublicKeyInfo, which clients pin.\n");
    return argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : 2;
}
