#include "tests/bench/samples.h"

#include <stdio.h>
#include <stdlib.h>

void samples_init(struct samples *samples)
{
    samples->count = 0;
    samples->us = malloc(SAMPLES_MAX * sizeof *samples->us);
    if (samples->us == NULL) {
        perror("samples");
        exit(1);
    }
}

void samples_deinit(struct samples *samples)
{
    free(samples->us);
    samples->us = NULL;
}

void samples_add(struct samples *samples, uint64_t us)
{
    samples->us[samples->count % SAMPLES_MAX] = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
    samples->count++;
}

static int compare(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

uint32_t samples_at(struct samples *samples, unsigned thousandth)
{
    const size_t count = samples->count < SAMPLES_MAX ? (size_t)samples->count : SAMPLES_MAX;
    if (count == 0) {
        return 0;
    }
    qsort(samples->us, count, sizeof *samples->us, compare);
    const size_t at = count * thousandth / 1000;
    return samples->us[at < count ? at : count - 1];
}
