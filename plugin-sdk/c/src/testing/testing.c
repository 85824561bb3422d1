/* The SDK as a part of a native test: everything but the contract's exports. */
#include "testing.h"

#include "../contact.c"
#include "../json.c"
#include "../plan.c"
#include "../text.c"
#include "../verdict.c"

/* 2026-01-01T00:00:00Z */
static const int64_t NOW_MS = 1767225600000;

static const char *failure;
static const char *plan_text;

/* A test has only the kinds that its rule has. */
#pragma weak sb_trigger
#pragma weak sb_segment
#pragma weak sb_personalizer

static const char *zero_ended(sb_text text) {
    return sb_text_join(text, (sb_text){"", 1}).at;
}

static sb_maybe_integer standing(const char *input) {
    bool is_clock = strcmp(input, "clock") == 0;
    bool is_zero = strcmp(input, "seed") == 0 || strcmp(input, "occasion") == 0;
    return (sb_maybe_integer){is_clock || is_zero, is_clock ? NOW_MS : 0};
}

/* The value of the column's type; false where the given one has another. */
static bool read_value(sb_json given, const char *input, sb_type type, sb_value *value) {
    sb_maybe_integer integer = given.length == 0 ? standing(input) : sb_json_integer(given);
    sb_maybe_number number = sb_json_number(given);
    sb_maybe_text text = sb_json_text(given);
    sb_maybe_boolean boolean = sb_json_boolean(given);
    value->type = (uint8_t)type;
    switch (type) {
    case SB_NUMBER:
        value->as.number = number.value;
        return number.has;
    case SB_INTEGER:
    case SB_INSTANT:
        value->as.integer = integer.value;
        return integer.has;
    case SB_TEXT:
        value->as.text = text.value;
        return text.has;
    case SB_BOOLEAN:
        value->as.boolean = boolean.value;
        return boolean.has;
    case SB_JSON:
        value->as.text = given;
        return given.length > 0;
    default:
        type = text.has ? SB_TEXT : boolean.has ? SB_BOOLEAN : integer.has ? SB_INTEGER : number.has ? SB_NUMBER : SB_JSON;
        return read_value(given, input, type, value);
    }
}

static sb_column *column_of(sb_json given, const char *input, sb_type type) {
    sb_column *column = sb_allocate(sizeof *column);
    *column = (sb_column){.kind = SB_ABSENT};
    sb_value *value = sb_allocate(sizeof *value);
    if (read_value(given, input, type, value)) {
        column->kind = type == SB_ANY ? SB_MIXED : (uint8_t)type;
        column->values.list.items = type == SB_ANY ? (const void *)value : (const void *)&value->as;
        column->values.list.length = 1;
    }
    return column;
}

typedef void plan_function(sb_json config, sb_plan *plan);

static sb_contact *contact_of(plan_function *function, const char *config, const char *given) {
    sb_plan *plan = sb_allocate(sizeof *plan);
    memset(plan, 0, sizeof *plan);
    plan->due = -1;
    function(sb_string(config), plan);
    plan_text = zero_ended(sb_plan_document(plan));
    sb_column *columns = sb_allocate(plan->inputs_length * sizeof *columns);
    for (size_t at = 0; at < plan->inputs_length; at++) {
        const char *input = plan->inputs[at].name;
        columns[at] = *column_of(sb_json_member(sb_string(given), input), input, plan->inputs[at].type);
    }
    sb_contact *contact = sb_allocate(sizeof *contact);
    *contact = (sb_contact){.plan = plan, .columns = columns};
    contact->cursors = sb_allocate(plan->inputs_length * sizeof *contact->cursors);
    memset(contact->cursors, 0, plan->inputs_length * sizeof *contact->cursors);
    if (plan->refusal != NULL) {
        sb_fail(contact, plan->refusal);
    }
    return contact;
}

#define TEST_RULE(kind)                                                                                               \
    sb_##kind##_verdict sb_test_##kind(const char *config, const char *given) {                                       \
        sb_contact *contact = contact_of(sb_##kind.plan, config, given);                                              \
        sb_##kind##_verdict verdict = {0};                                                                            \
        if (!contact->failure.has) {                                                                                  \
            verdict = sb_##kind.decide(sb_string(config), contact);                                                   \
        }                                                                                                             \
        failure = contact->failure.has ? zero_ended(contact->failure.value) : NULL;                                   \
        return verdict;                                                                                               \
    }

TEST_RULE(trigger)
TEST_RULE(segment)
TEST_RULE(personalizer)

const char *sb_test_failure(void) {
    return failure;
}

const char *sb_test_plan(void) {
    return plan_text;
}

bool sb_test_values_are(sb_personalizer_verdict verdict, const char *json) {
    sb_append(&verdict.values, sb_string(verdict.values.length == 0 ? "{}" : "}"));
    return sb_text_is((sb_text){verdict.values.at, verdict.values.length}, json);
}
