/* Answers with what it was given; see README.md. */
#include "signalbox.h"

#include <string.h>

static const char FAILURE[] = "on purpose: \xc3\xa9";

static void plan_attributes(sb_plan *plan) {
    sb_plan_attribute(plan, "number", SB_NUMBER);
    sb_plan_attribute(plan, "integer", SB_INTEGER);
    sb_plan_attribute(plan, "text", SB_TEXT);
    sb_plan_attribute(plan, "boolean", SB_BOOLEAN);
    sb_plan_attribute(plan, "instant", SB_INSTANT);
    sb_plan_attribute(plan, "json", SB_JSON);
    sb_plan_attribute(plan, "any", SB_ANY);
}

static sb_text bits(double number) {
    uint64_t all;
    memcpy(&all, &number, sizeof all);
    char *text = sb_allocate(16);
    for (int at = 15; at >= 0; at--, all >>= 4) {
        text[at] = "0123456789abcdef"[all & 15];
    }
    return (sb_text){text, 16};
}

static sb_text decimal(int64_t integer) {
    sb_values object = {0};
    sb_put_integer(&object, "", integer);
    /* Behind {"": */
    return (sb_text){object.at + 4, object.length - 4};
}

static sb_text truth(bool boolean) {
    return sb_string(boolean ? "true" : "false");
}

static sb_text member_x(sb_json json) {
    return sb_json_text(sb_json_member(json, "x")).value;
}

static sb_text any(const sb_value *value) {
    switch (value->type) {
    case SB_NUMBER:
        return sb_text_join(sb_string("number "), bits(value->as.number));
    case SB_INTEGER:
        return sb_text_join(sb_string("integer "), decimal(value->as.integer));
    case SB_BOOLEAN:
        return sb_text_join(sb_string("boolean "), truth(value->as.boolean));
    case SB_TEXT:
        return sb_text_join(sb_string("text "), value->as.text);
    default:
        return sb_text_join(sb_string("json "), member_x(value->as.text));
    }
}

static sb_maybe_text maybe(bool has, sb_text value) {
    return (sb_maybe_text){has, value};
}

/* The value of an input as a text from which nothing is lost. */
static sb_maybe_text shown(sb_contact *contact, sb_text input) {
    if (sb_text_is(input, "number") || sb_text_is(input, "sum")) {
        sb_maybe_number number = sb_read_number(contact, sb_text_is(input, "sum") ? "sum" : "number");
        return maybe(number.has, bits(number.value));
    }
    if (sb_text_is(input, "integer")) {
        sb_maybe_integer integer = sb_read_integer(contact, "integer");
        return maybe(integer.has, decimal(integer.value));
    }
    if (sb_text_is(input, "count")) {
        return maybe(true, decimal(sb_read_count(contact, "count")));
    }
    if (sb_text_is(input, "boolean")) {
        sb_maybe_boolean boolean = sb_read_boolean(contact, "boolean");
        return maybe(boolean.has, truth(boolean.value));
    }
    if (sb_text_is(input, "instant") || sb_text_is(input, "last")) {
        sb_maybe_integer instant = sb_read_instant(contact, sb_text_is(input, "last") ? "last" : "instant");
        return maybe(instant.has, decimal(instant.value));
    }
    if (sb_text_is(input, "json")) {
        sb_json json = sb_read_json(contact, "json");
        return maybe(json.length > 0, member_x(json));
    }
    if (sb_text_is(input, "any")) {
        const sb_value *value = sb_read_value(contact, "any");
        return maybe(value != NULL, value != NULL ? any(value) : sb_string(""));
    }
    return sb_read_text(contact, "text");
}

static bool fails(sb_contact *contact, const char *input) {
    sb_maybe_text text = sb_read_text(contact, input);
    if (text.has && sb_text_is(text.value, "fail")) {
        sb_fail(contact, FAILURE);
        return true;
    }
    return false;
}

enum { NOTHING, ENTERED, ARMED, BOTH, FIRED };

static void plan_trigger(sb_json config, sb_plan *plan) {
    (void)config;
    sb_plan_occasion(plan);
    sb_plan_arm_key(plan);
    sb_plan_event_field(plan, "do", SB_TEXT);
    sb_plan_event_field(plan, "key", SB_TEXT);
    sb_plan_event_field(plan, "at", SB_INSTANT);
    sb_plan_on_event(plan, "asked", NULL);
    sb_plan_on_due(plan);
}

static sb_trigger_verdict armed(sb_contact *contact, sb_text key) {
    sb_trigger_verdict verdict = sb_arm(ARMED, sb_read_instant(contact, "at").value, key);
    verdict.arm.cancelled_by[verdict.arm.cancels++] = (sb_cancel){.event = "stopped"};
    verdict.arm.cancelled_by[verdict.arm.cancels++] = (sb_cancel){
        .event = "upgraded",
        .where = "[{\"field\":\"plan\",\"operator\":\"eq\",\"value\":\"gold \xc3\xa9\"}]",
    };
    return verdict;
}

static sb_trigger_verdict decide_trigger(sb_json config, sb_contact *contact) {
    (void)config;
    if (sb_is_due(contact)) {
        return sb_enter_with(FIRED, sb_read_text(contact, "arm_key").value);
    }
    sb_maybe_text what = sb_read_text(contact, "do");
    sb_maybe_text key = sb_read_text(contact, "key");
    if (!what.has || fails(contact, "do")) {
        return sb_nothing(NOTHING);
    }
    if (sb_text_is(what.value, "enter")) {
        return key.has ? sb_enter_with(ENTERED, key.value) : sb_enter(ENTERED);
    }
    if (sb_text_is(what.value, "arm")) {
        return armed(contact, key.value);
    }
    if (sb_text_is(what.value, "both")) {
        sb_trigger_verdict verdict = armed(contact, key.value);
        verdict.enters = true;
        verdict.key = key;
        verdict.reason = BOTH;
        return verdict;
    }
    return sb_nothing(NOTHING);
}

const sb_trigger_rule sb_trigger = {plan_trigger, decide_trigger};

enum { MISSING, SAME, OTHER };

static void plan_segment(sb_json config, sb_plan *plan) {
    (void)config;
    sb_events orders = {.event = "order_completed", .within = "90d"};
    plan_attributes(plan);
    sb_plan_attribute(plan, "until", SB_INSTANT);
    sb_plan_count(plan, "count", orders);
    sb_plan_sum(plan, "sum", orders, "value");
    sb_plan_last(plan, "last", orders);
    sb_plan_clock(plan);
}

static bool same(sb_text one, sb_text other) {
    return one.length == other.length && memcmp(one.at, other.at, one.length) == 0;
}

static sb_segment_verdict decide_segment(sb_json config, sb_contact *contact) {
    sb_text input = sb_json_text(sb_json_member(config, "read")).value;
    sb_text wanted = sb_json_text(sb_json_member(config, "is")).value;
    if (fails(contact, "text")) {
        return sb_outside(MISSING);
    }
    sb_maybe_text text = shown(contact, input);
    sb_segment_verdict verdict = sb_outside(text.has ? OTHER : MISSING);
    if (text.has && same(text.value, wanted)) {
        verdict = sb_inside(SAME);
    }
    verdict.recheck_at = sb_read_instant(contact, "until");
    return verdict;
}

const sb_segment_rule sb_segment = {plan_segment, decide_segment};

enum { ECHOED };

static void plan_personalizer(sb_json config, sb_plan *plan) {
    (void)config;
    plan_attributes(plan);
    sb_plan_clock(plan);
}

static void put(sb_values *values, sb_contact *contact, const char *input) {
    sb_maybe_text text = shown(contact, sb_string(input));
    if (text.has) {
        sb_put_text(values, input, text.value);
    }
}

static sb_personalizer_verdict decide_personalizer(sb_json config, sb_contact *contact) {
    (void)config;
    sb_values values = {0};
    if (fails(contact, "text")) {
        return sb_personalize(ECHOED, values);
    }
    put(&values, contact, "number");
    put(&values, contact, "integer");
    put(&values, contact, "text");
    sb_maybe_boolean boolean = sb_read_boolean(contact, "boolean");
    if (boolean.has) {
        sb_put_boolean(&values, "boolean", boolean.value);
    }
    put(&values, contact, "instant");
    put(&values, contact, "json");
    put(&values, contact, "any");
    sb_maybe_text text = sb_read_text(contact, "text");
    sb_personalizer_verdict verdict = sb_personalize(ECHOED, values);
    verdict.subject = maybe(text.has && text.value.length > 0, text.value);
    verdict.send_at = (sb_maybe_integer){true, sb_read_clock(contact)};
    return verdict;
}

const sb_personalizer_rule sb_personalizer = {plan_personalizer, decide_personalizer};
