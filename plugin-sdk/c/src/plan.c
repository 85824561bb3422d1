/* The builder of the document that `plan` answers with. */
#include "internal.h"

#include <string.h>

static const char *const TYPES[] = {"number", "integer", "text", "boolean", "instant", "json", "any"};

static void append(sb_values *to, const char *string) {
    sb_append(to, sb_string(string));
}

void sb_plan_refuse(sb_plan *plan, const char *message) {
    if (plan->refusal == NULL) {
        plan->refusal = message;
    }
}

void sb_plan_input(sb_plan *plan, const char *input, const char *source, sb_type type) {
    if (plan->inputs_length == SB_INPUTS_MAX) {
        sb_plan_refuse(plan, "this reads more than 64 different values");
        return;
    }
    sb_values *to = &plan->inputs_json;
    append(to, plan->inputs_length == 0 ? "{\"name\":" : ",{\"name\":");
    sb_append_quoted(to, sb_string(input));
    append(to, ",\"source\":");
    append(to, source);
    append(to, ",\"type\":\"");
    append(to, TYPES[type]);
    append(to, "\"}");
    plan->inputs[plan->inputs_length].name = input;
    plan->inputs[plan->inputs_length].type = type;
    plan->inputs_length++;
}

/* With a final zero, as the source of an input. */
static void add(sb_plan *plan, const char *input, sb_values *source, sb_type type) {
    sb_append(source, (sb_text){"", 1});
    sb_plan_input(plan, input, source->at, type);
}

/* {"kind":"name"} */
static void add_named(sb_plan *plan, const char *input, const char *kind, const char *name, sb_type type) {
    sb_values source = {0};
    sb_put_text(&source, kind, sb_string(name));
    append(&source, "}");
    add(plan, input, &source, type);
}

static sb_json selection(sb_events of) {
    sb_values json = {0};
    sb_put_text(&json, "event", sb_string(of.event));
    if (of.where != NULL) {
        sb_put_json(&json, "where", sb_string(of.where));
    }
    if (of.within != NULL) {
        sb_put_text(&json, "within", sb_string(of.within));
    }
    append(&json, "}");
    return (sb_json){json.at, json.length};
}

/* {"kind":{"of":{..},"field":".."}} */
static void add_of(sb_plan *plan, const char *input, const char *kind, sb_events of, const char *field, sb_type type) {
    sb_values inner = {0};
    sb_put_json(&inner, "of", selection(of));
    if (field != NULL) {
        sb_put_text(&inner, "field", sb_string(field));
    }
    append(&inner, "}");
    sb_values source = {0};
    sb_put_json(&source, kind, (sb_json){inner.at, inner.length});
    append(&source, "}");
    add(plan, input, &source, type);
}

void sb_plan_attribute(sb_plan *plan, const char *attribute, sb_type type) {
    add_named(plan, attribute, "attribute", attribute, type);
}

void sb_plan_event_field(sb_plan *plan, const char *field, sb_type type) {
    add_named(plan, field, "event_field", field, type);
}

void sb_plan_member_of(sb_plan *plan, const char *input, const char *segment) {
    add_named(plan, input, "segment", segment, SB_BOOLEAN);
}

void sb_plan_kept(sb_plan *plan, const char *input, const char *kept, sb_type type) {
    add_named(plan, input, "kept", kept, type);
}

void sb_plan_arm_taken(sb_plan *plan, const char *input, const char *step) {
    add_named(plan, input, "arm_taken", step, SB_TEXT);
}

void sb_plan_count(sb_plan *plan, const char *input, sb_events of) {
    sb_values source = {0};
    sb_put_json(&source, "count", selection(of));
    append(&source, "}");
    add(plan, input, &source, SB_INTEGER);
}

void sb_plan_sum(sb_plan *plan, const char *input, sb_events of, const char *field) {
    add_of(plan, input, "sum", of, field, SB_NUMBER);
}

void sb_plan_first(sb_plan *plan, const char *input, sb_events of) {
    add_of(plan, input, "first", of, NULL, SB_INSTANT);
}

void sb_plan_last(sb_plan *plan, const char *input, sb_events of) {
    add_of(plan, input, "last", of, NULL, SB_INSTANT);
}

void sb_plan_last_field(sb_plan *plan, const char *input, sb_events of, const char *field, sb_type type) {
    add_of(plan, input, "last", of, field, type);
}

void sb_plan_recent(sb_plan *plan, const char *input, sb_events of, unsigned most) {
    sb_values inner = {0};
    sb_put_json(&inner, "of", selection(of));
    sb_put_integer(&inner, "count", most);
    append(&inner, "}");
    sb_values source = {0};
    sb_put_json(&source, "recent", (sb_json){inner.at, inner.length});
    append(&source, "}");
    add(plan, input, &source, SB_JSON);
}

void sb_plan_occurred_at(sb_plan *plan) {
    sb_plan_input(plan, "occurred_at", "\"occurred_at\"", SB_INSTANT);
}

void sb_plan_occasion(sb_plan *plan) {
    sb_plan_input(plan, "occasion", "\"occasion\"", SB_INTEGER);
}

void sb_plan_arm_key(sb_plan *plan) {
    sb_plan_input(plan, "arm_key", "\"arm_key\"", SB_TEXT);
}

void sb_plan_clock(sb_plan *plan) {
    sb_plan_input(plan, "clock", "\"clock\"", SB_INSTANT);
}

void sb_plan_seed(sb_plan *plan) {
    sb_plan_input(plan, "seed", "\"seed\"", SB_INTEGER);
}

void sb_plan_on(sb_plan *plan, const char *occasion) {
    if (plan->occasions_length == SB_OCCASIONS_MAX) {
        sb_plan_refuse(plan, "this has more than 16 occasions");
        return;
    }
    if (plan->occasions_length > 0) {
        append(&plan->occasions_json, ",");
    }
    append(&plan->occasions_json, occasion);
    plan->occasions_length++;
}

void sb_plan_on_event(sb_plan *plan, const char *event, const char *where) {
    sb_json pattern = selection((sb_events){.event = event, .where = where});
    sb_values occasion = {0};
    sb_put_json(&occasion, "event", pattern);
    sb_append(&occasion, (sb_text){"}", 2});
    sb_plan_on(plan, occasion.at);
}

void sb_plan_on_due(sb_plan *plan) {
    plan->due = (int64_t)plan->occasions_length;
    sb_plan_on(plan, "\"due\"");
}

sb_text sb_plan_document(sb_plan *plan) {
    sb_values document = {0};
    append(&document, "{\"format\":1,\"inputs\":[");
    sb_append(&document, (sb_text){plan->inputs_json.at, plan->inputs_json.length});
    append(&document, "],\"occasions\":[");
    sb_append(&document, (sb_text){plan->occasions_json.at, plan->occasions_json.length});
    append(&document, "]}");
    return (sb_text){document.at, document.length};
}
