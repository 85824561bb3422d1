/* The contract's exports, by the canonical ABI of the component model.
 *
 * `signalbox plugin build` compiles it with SB_HAS_TRIGGER, SB_HAS_SEGMENT and SB_HAS_PERSONALIZER as description.json has
 * them, and links `sb_description`. The contract is frozen for all of 1.x, so the layouts below are too. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define EXPORT(name) __attribute__((export_name("signalbox:rules/" name)))

extern const char sb_description[];
extern const size_t sb_description_length;

typedef struct {
    const void *items;
    size_t length;
} list;

/* option<string> and option<s64> */
typedef struct {
    uint8_t has;
    sb_text value;
} option_text;
typedef struct {
    uint8_t has;
    int64_t value;
} option_instant;

typedef struct {
    uint8_t is_error;
    sb_text text;
} plan_answer;

typedef struct {
    uint8_t member;
    uint32_t reason;
    option_instant recheck_at;
} segment_verdict;

typedef struct {
    struct {
        uint8_t has;
        option_text key;
    } enter;
    struct {
        uint8_t has;
        struct {
            int64_t at;
            sb_text key;
            list cancelled_by;
        } value;
    } arm;
    uint32_t reason;
} trigger_verdict;

typedef struct {
    sb_text values;
    option_text subject;
    option_text variant;
    option_instant send_at;
    uint32_t reason;
} personalizer_verdict;

typedef struct {
    sb_text event, conditions;
} cancel;

typedef struct {
    uint8_t is_error;
    union {
        sb_text error;
        segment_verdict segment;
        trigger_verdict trigger;
        personalizer_verdict personalizer;
    } as;
} any_answer;

_Static_assert(sizeof(sb_value) == 16 && sizeof(sb_column) == 32, "columns lie as the contract has them");
_Static_assert(offsetof(sb_column, missing) == 24, "columns lie as the contract has them");
_Static_assert(sizeof(segment_verdict) == 24 && sizeof(trigger_verdict) == 56, "verdicts too");
_Static_assert(sizeof(personalizer_verdict) == 56 && offsetof(any_answer, as) == 8, "verdicts too");

/* How the host puts values into memory. */
__attribute__((export_name("cabi_realloc"))) void *sb_cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
    (void)align; /* malloc's 16 is the most that is asked for */
    void *made = sb_allocate(size);
    if (old_size > 0) {
        memcpy(made, old, old_size < size ? old_size : size);
    }
    return made;
}

EXPORT("plugin@1.0.0#describe") sb_text *sb_export_describe(void) {
    sb_text *answer = sb_allocate(sizeof *answer);
    *answer = (sb_text){sb_description, sb_description_length};
    return answer;
}

typedef void plan_function(sb_json config, sb_plan *plan);

static sb_plan *planned(plan_function *function, sb_json config) {
    sb_plan *plan = sb_allocate(sizeof *plan);
    memset(plan, 0, sizeof *plan);
    plan->due = -1;
    function(config, plan);
    return plan;
}

static plan_answer *answer_plan(plan_function *function, sb_json config) {
    sb_plan *plan = planned(function, config);
    plan_answer *answer = sb_allocate(sizeof *answer);
    answer->is_error = plan->refusal != NULL;
    answer->text = plan->refusal != NULL ? sb_string(plan->refusal) : sb_plan_document(plan);
    return answer;
}

__attribute__((unused)) static option_text option_of_text(sb_maybe_text maybe) {
    return (option_text){maybe.has, maybe.value};
}

__attribute__((unused)) static option_instant option_of_instant(sb_maybe_integer maybe) {
    return (option_instant){maybe.has, maybe.value};
}

static sb_contact first_contact(const sb_plan *plan, const sb_column *columns) {
    size_t *cursors = sb_allocate(plan->inputs_length * sizeof *cursors);
    memset(cursors, 0, plan->inputs_length * sizeof *cursors);
    return (sb_contact){.plan = plan, .columns = columns, .cursors = cursors};
}

/* One `plan` and one `decide` of a kind: `lower` makes the contract's verdict of the rule's. */
#define EXPORT_RULE(kind, lower)                                                                                      \
    typedef struct {                                                                                                  \
        uint8_t is_error;                                                                                             \
        union {                                                                                                       \
            sb_text error;                                                                                            \
            kind##_verdict verdict;                                                                                   \
        } as;                                                                                                         \
    } kind##_answer;                                                                                                  \
                                                                                                                      \
    EXPORT(#kind "@1.0.0#plan") plan_answer *sb_export_##kind##_plan(const char *config, size_t length) {             \
        return answer_plan(sb_##kind.plan, (sb_json){config, length});                                                \
    }                                                                                                                 \
                                                                                                                      \
    EXPORT(#kind "@1.0.0#decide")                                                                                     \
    list *sb_export_##kind##_decide(                                                                                  \
        const char *text, size_t length, uint32_t rows, const sb_column *columns, size_t columns_length) {            \
        sb_json config = {text, length};                                                                              \
        const sb_plan *plan = planned(sb_##kind.plan, config);                                                        \
        kind##_answer *answers = sb_allocate(rows * sizeof *answers);                                                 \
        sb_contact contact = first_contact(plan, columns);                                                            \
        for (; contact.row < rows; contact.row++) {                                                                   \
            kind##_answer *answer = &answers[contact.row];                                                            \
            contact.failure = (sb_maybe_text){0};                                                                     \
            if (columns_length != plan->inputs_length) {                                                              \
                sb_fail(&contact, "the rule's plan is another than the one that the host has");                       \
            } else {                                                                                                  \
                answer->as.verdict = lower(sb_##kind.decide(config, &contact));                                       \
            }                                                                                                         \
            answer->is_error = contact.failure.has;                                                                   \
            if (contact.failure.has) {                                                                                \
                answer->as.error = contact.failure.value;                                                             \
            }                                                                                                         \
        }                                                                                                             \
        list *answer = sb_allocate(sizeof *answer);                                                                   \
        *answer = (list){answers, rows};                                                                              \
        return answer;                                                                                                \
    }

#ifdef SB_HAS_SEGMENT
static segment_verdict lower_segment(sb_segment_verdict verdict) {
    return (segment_verdict){verdict.member, verdict.reason, option_of_instant(verdict.recheck_at)};
}

EXPORT_RULE(segment, lower_segment)
#endif

#ifdef SB_HAS_TRIGGER
static list cancels_of(const sb_trigger_verdict *verdict) {
    cancel *cancels = sb_allocate(verdict->arm.cancels * sizeof *cancels);
    for (size_t at = 0; at < verdict->arm.cancels; at++) {
        const sb_cancel *one = &verdict->arm.cancelled_by[at];
        cancels[at].event = sb_string(one->event);
        cancels[at].conditions = sb_string(one->where == NULL ? "" : one->where);
    }
    return (list){cancels, verdict->arm.cancels};
}

static trigger_verdict lower_trigger(sb_trigger_verdict verdict) {
    trigger_verdict lowered = {.reason = verdict.reason};
    lowered.enter.has = verdict.enters;
    lowered.enter.key = option_of_text(verdict.key);
    lowered.arm.has = verdict.arms;
    if (verdict.arms) {
        lowered.arm.value.at = verdict.arm.at;
        lowered.arm.value.key = verdict.arm.key;
        lowered.arm.value.cancelled_by = cancels_of(&verdict);
    }
    return lowered;
}

EXPORT_RULE(trigger, lower_trigger)
#endif

#ifdef SB_HAS_PERSONALIZER
static personalizer_verdict lower_personalizer(sb_personalizer_verdict verdict) {
    sb_values values = verdict.values;
    sb_append(&values, sb_string(values.length == 0 ? "{}" : "}"));
    return (personalizer_verdict){
        .values = {values.at, values.length},
        .subject = option_of_text(verdict.subject),
        .variant = option_of_text(verdict.variant),
        .send_at = option_of_instant(verdict.send_at),
        .reason = verdict.reason,
    };
}

EXPORT_RULE(personalizer, lower_personalizer)
#endif
