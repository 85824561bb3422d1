/* Verdicts as rules make them. */
#include "signalbox.h"

sb_segment_verdict sb_inside(uint32_t reason) {
    return (sb_segment_verdict){.member = true, .reason = reason};
}

sb_segment_verdict sb_outside(uint32_t reason) {
    return (sb_segment_verdict){.member = false, .reason = reason};
}

sb_trigger_verdict sb_enter(uint32_t reason) {
    return (sb_trigger_verdict){.enters = true, .reason = reason};
}

sb_trigger_verdict sb_enter_with(uint32_t reason, sb_text key) {
    return (sb_trigger_verdict){.enters = true, .key = {true, key}, .reason = reason};
}

sb_trigger_verdict sb_arm(uint32_t reason, int64_t at, sb_text key) {
    return (sb_trigger_verdict){.arms = true, .arm = {.at = at, .key = key}, .reason = reason};
}

sb_trigger_verdict sb_nothing(uint32_t reason) {
    return (sb_trigger_verdict){.reason = reason};
}

sb_personalizer_verdict sb_personalize(uint32_t reason, sb_values values) {
    return (sb_personalizer_verdict){.values = values, .reason = reason};
}
