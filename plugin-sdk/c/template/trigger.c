/* Enters a contact when a cart is left alone: some hours after it changed, unless an order came first. */
#include "signalbox.h"

/* Why: the reasons in description.json, in their order. */
enum { WAITING, LEFT };

static const int64_t HOUR_MS = 3600000;

/* Which values it wants to see, and on what it is asked. It is given these and nothing else. */
static void plan(sb_json config, sb_plan *plan) {
    (void)config;
    sb_plan_occasion(plan);
    sb_plan_occurred_at(plan);
    sb_plan_on_event(plan, "cart_updated", NULL);
    sb_plan_on_due(plan);
}

/* What it says about one contact: to be asked again when the time is over, unless an order takes the arm away. */
static sb_trigger_verdict decide(sb_json config, sb_contact *contact) {
    if (sb_is_due(contact)) {
        return sb_enter(LEFT);
    }
    int64_t hours = sb_json_integer(sb_json_member(config, "hours")).value;
    int64_t at = sb_read_instant(contact, "occurred_at").value + hours * HOUR_MS;
    sb_trigger_verdict verdict = sb_arm(WAITING, at, sb_string("cart"));
    verdict.arm.cancelled_by[verdict.arm.cancels++] = (sb_cancel){.event = "order_completed"};
    return verdict;
}

const sb_trigger_rule sb_trigger = {plan, decide};
