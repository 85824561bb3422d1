/* Answers with what it was given; see README.md. */
#include "signalbox.h"

#include <string.h>

enum { ECHOED };

static void plan(sb_json config, sb_plan *plan) {
    (void)config;
    sb_plan_attribute(plan, "number", SB_NUMBER);
    sb_plan_attribute(plan, "integer", SB_INTEGER);
    sb_plan_attribute(plan, "text", SB_TEXT);
    sb_plan_attribute(plan, "boolean", SB_BOOLEAN);
    sb_plan_attribute(plan, "instant", SB_INSTANT);
    sb_plan_attribute(plan, "json", SB_JSON);
    sb_plan_attribute(plan, "any", SB_ANY);
    sb_plan_clock(plan);
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
        return sb_string(value->as.boolean ? "boolean true" : "boolean false");
    case SB_TEXT:
        return sb_text_join(sb_string("text "), value->as.text);
    default:
        return sb_text_join(sb_string("json "), member_x(value->as.text));
    }
}

static sb_personalizer_verdict decide(sb_json config, sb_contact *contact) {
    (void)config;
    sb_values values = {0};
    sb_maybe_number number = sb_read_number(contact, "number");
    sb_maybe_integer integer = sb_read_integer(contact, "integer");
    sb_maybe_text text = sb_read_text(contact, "text");
    sb_maybe_boolean boolean = sb_read_boolean(contact, "boolean");
    sb_maybe_integer instant = sb_read_instant(contact, "instant");
    sb_json json = sb_read_json(contact, "json");
    const sb_value *mixed = sb_read_value(contact, "any");
    if (text.has && sb_text_is(text.value, "fail")) {
        sb_fail(contact, "on purpose: \xc3\xa9");
    }
    if (number.has) {
        sb_put_text(&values, "number", bits(number.value));
    }
    if (integer.has) {
        sb_put_text(&values, "integer", decimal(integer.value));
    }
    if (text.has) {
        sb_put_text(&values, "text", text.value);
    }
    if (boolean.has) {
        sb_put_boolean(&values, "boolean", boolean.value);
    }
    if (instant.has) {
        sb_put_text(&values, "instant", decimal(instant.value));
    }
    if (json.length > 0) {
        sb_put_text(&values, "json", member_x(json));
    }
    if (mixed != NULL) {
        sb_put_text(&values, "any", any(mixed));
    }
    sb_personalizer_verdict verdict = sb_personalize(ECHOED, values);
    verdict.subject = (sb_maybe_text){text.has && text.value.length > 0, text.value};
    verdict.send_at = (sb_maybe_integer){true, sb_read_clock(contact)};
    return verdict;
}

const sb_personalizer_rule sb_personalizer = {plan, decide};
