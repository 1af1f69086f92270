#include "server/net/inbox.h"

void inbox_init(struct inbox *inbox)
{
    *inbox = (struct inbox){.head = NULL};
    CHECK(pthread_mutex_init(&inbox->lock, NULL) == 0);
}

void inbox_deinit(struct inbox *inbox)
{
    struct outbound_item *item = inbox_take(inbox);
    while (item != NULL) {
        struct outbound_item *next = item->next;
        outbound_item_free(item);
        item = next;
    }
    CHECK(pthread_mutex_destroy(&inbox->lock) == 0);
}

enum status inbox_push(struct inbox *inbox, struct outbound_item *item, bool *out_was_empty)
{
    CHECK(pthread_mutex_lock(&inbox->lock) == 0);
    enum status status = STATUS_OK;
    if (item->kind != OUTBOUND_CUT &&
        (inbox->items >= INBOX_ITEMS_MAX || item->size > INBOX_BYTES_MAX - inbox->bytes)) {
        status = STATUS_BUSY;
    } else {
        *out_was_empty = inbox->head == NULL;
        item->next = NULL;
        if (inbox->tail == NULL) {
            inbox->head = item;
        } else {
            inbox->tail->next = item;
        }
        inbox->tail = item;
        inbox->items++;
        inbox->bytes += item->size;
    }
    CHECK(pthread_mutex_unlock(&inbox->lock) == 0);
    return status;
}

struct outbound_item *inbox_take(struct inbox *inbox)
{
    CHECK(pthread_mutex_lock(&inbox->lock) == 0);
    struct outbound_item *all = inbox->head;
    inbox->head = NULL;
    inbox->tail = NULL;
    inbox->items = 0;
    inbox->bytes = 0;
    CHECK(pthread_mutex_unlock(&inbox->lock) == 0);
    return all;
}
