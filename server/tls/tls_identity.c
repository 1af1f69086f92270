#include "server/tls/tls_identity.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* The certificate is only the key's wrapping: nobody checks its dates, so it
 * runs far longer than a pin lives (a key changes by a signed statement). */
#define CERTIFICATE_DAYS 36500

static enum status certificate_pin(const X509 *certificate, struct hash *out_pin)
{
    unsigned char *der = NULL;
    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    enum status status = STATUS_MALFORMED;
    if (size > 0 && EVP_Digest(der, (size_t)size, out_pin->bytes, NULL, EVP_sha256(), NULL) == 1) {
        status = STATUS_OK;
    }
    OPENSSL_free(der);
    return status;
}

enum status tls_identity_pin(const char *certificate_path, struct hash *out_pin)
{
    FILE *file = fopen(certificate_path, "re");
    if (file == NULL) {
        return STATUS_IO;
    }
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    (void)fclose(file);
    if (certificate == NULL) {
        ERR_clear_error();
        return STATUS_MALFORMED;
    }
    enum status status = certificate_pin(certificate, out_pin);
    X509_free(certificate);
    return status;
}

static bool fill_certificate(X509 *certificate, EVP_PKEY *key)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    static const unsigned char COMMON_NAME[] = "alcove";
    return X509_set_version(certificate, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -86400L) != NULL &&
           X509_time_adj_ex(X509_getm_notAfter(certificate), CERTIFICATE_DAYS, 0, NULL) != NULL &&
           X509_set_pubkey(certificate, key) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, COMMON_NAME, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1 && X509_sign(certificate, key, NULL) > 0;
}

static enum status create(const char *path, mode_t mode, FILE **out_file)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0) {
        return errno == EEXIST ? STATUS_ALREADY : STATUS_IO;
    }
    *out_file = fdopen(fd, "w");
    if (*out_file == NULL) {
        (void)close(fd);
        return STATUS_IO;
    }
    return STATUS_OK;
}

/* Writes one of the two; the file is gone again unless it is wholly on disk. */
static enum status write_pem(const char *path, mode_t mode, EVP_PKEY *key, X509 *certificate)
{
    FILE *file = NULL;
    enum status status = create(path, mode, &file);
    if (status != STATUS_OK) {
        return status;
    }
    int written = key != NULL ? PEM_write_PKCS8PrivateKey(file, key, NULL, NULL, 0, NULL, NULL)
                              : PEM_write_X509(file, certificate);
    if (written == 1 && fflush(file) == 0 && fsync(fileno(file)) == 0) {
        return fclose(file) == 0 ? STATUS_OK : STATUS_IO;
    }
    (void)fclose(file);
    (void)unlink(path);
    return STATUS_IO;
}

static enum status write_both(const char *key_path, const char *certificate_path, EVP_PKEY *key,
                              X509 *certificate)
{
    enum status status = write_pem(key_path, 0600, key, NULL);
    if (status != STATUS_OK) {
        return status;
    }
    status = write_pem(certificate_path, 0644, NULL, certificate);
    if (status != STATUS_OK) {
        (void)unlink(key_path);
    }
    return status;
}

enum status tls_identity_make(const char *key_path, const char *certificate_path,
                              struct hash *out_pin)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    X509 *certificate = X509_new();
    enum status status = STATUS_NO_MEMORY;
    if (key != NULL && certificate != NULL && fill_certificate(certificate, key)) {
        status = certificate_pin(certificate, out_pin);
    }
    if (status == STATUS_OK) {
        status = write_both(key_path, certificate_path, key, certificate);
    }
    ERR_clear_error();
    X509_free(certificate);
    EVP_PKEY_free(key);
    return status;
}
