/* Enters a contact with an order that is larger than what this contact usually orders. */
#include "signalbox.h"

/* Why: the reasons in description.json, in their order. */
enum { LARGER, USUAL, TOO_FEW, NO_AMOUNT };

static const char DEFAULT_EVENT[] = "order_completed";
static const char DEFAULT_FIELD[] = "value";
static const char DEFAULT_WITHIN[] = "365d";
static const double DEFAULT_TIMES = 2;
static const int64_t DEFAULT_ORDERS_MIN = 3;

/* The occasion's amount has an input of its own, so that a field may have any name. */
static const char AMOUNT[] = "amount";
static const char TOTAL[] = "total";
static const char ORDERS[] = "orders";

/* The text with an end for C. */
static const char *ended(sb_text text) {
    return sb_text_join(text, (sb_text){"", 1}).at;
}

/* A member of the config as a C string, or what stands for it where it is left out. */
static const char *setting(sb_json config, const char *name, const char *otherwise) {
    sb_maybe_text text = sb_json_text(sb_json_member(config, name));
    return text.has ? ended(text.value) : otherwise;
}

static sb_text so_far(sb_values json) {
    return (sb_text){json.at, json.length};
}

/* Of the occasion's event, under a name of its own: the field may have any name. */
static void plan_amount(sb_plan *plan, const char *field) {
    sb_values source = {0};
    sb_put_text(&source, "event_field", sb_string(field));
    sb_plan_input(plan, AMOUNT, ended(sb_text_join(so_far(source), sb_string("}"))), SB_NUMBER);
}

/* Only events that have the field: one without it adds nothing to the total, and must not count. */
static const char *with_field(const char *field) {
    sb_values condition = {0};
    sb_put_text(&condition, "field", sb_string(field));
    sb_put_text(&condition, "operator", sb_string("exists"));
    sb_put_boolean(&condition, "value", true);
    return ended(sb_text_join(sb_string("["), sb_text_join(so_far(condition), sb_string("}]"))));
}

static void plan(sb_json config, sb_plan *plan) {
    const char *event = setting(config, "event", DEFAULT_EVENT);
    const char *field = setting(config, "field", DEFAULT_FIELD);
    sb_events orders = {
        .event = event,
        .where = with_field(field),
        .within = setting(config, "within", DEFAULT_WITHIN),
    };
    plan_amount(plan, field);
    sb_plan_sum(plan, TOTAL, orders, field);
    sb_plan_count(plan, ORDERS, orders);
    sb_plan_on_event(plan, event, NULL);
}

static sb_trigger_verdict decide(sb_json config, sb_contact *contact) {
    sb_maybe_number times = sb_json_number(sb_json_member(config, "times"));
    sb_maybe_integer orders_min = sb_json_integer(sb_json_member(config, "orders_min"));
    sb_maybe_number amount = sb_read_number(contact, AMOUNT);
    sb_maybe_number total = sb_read_number(contact, TOTAL);
    /* The order that it is about is in the history already. */
    int64_t before = sb_read_count(contact, ORDERS) - 1;
    if (!amount.has || amount.value <= 0) {
        return sb_nothing(NO_AMOUNT);
    }
    if (before < (orders_min.has ? orders_min.value : DEFAULT_ORDERS_MIN)) {
        return sb_nothing(TOO_FEW);
    }
    double usual = (total.value - amount.value) / (double)before;
    bool is_larger = amount.value >= usual * (times.has ? times.value : DEFAULT_TIMES);
    return is_larger ? sb_enter(LARGER) : sb_nothing(USUAL);
}

const sb_trigger_rule sb_trigger = {plan, decide};
