#include "tests/hostile/stage.h"

int stage_open(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    assert_non_null(stage);
    scene_open(&stage->scene);
    stage->shared = scene_section(&stage->scene.therapist, CLASS_SHARED);
    stage->progress = scene_section(&stage->scene.therapist, CLASS_PROGRESS);
    scene_note(&stage->scene.therapist, &stage->shared, "one");
    scene_refresh(&stage->scene.client);
    *state = stage;
    return 0;
}

int stage_close(void **state)
{
    struct stage *stage = *state;
    kit_submit_free(&stage->submit);
    scene_close(&stage->scene);
    free(stage);
    return 0;
}
