/* Contacts who spent more than a threshold in 90 days. */
#include "signalbox.h"

/* Why: the reasons in description.json, in their order. */
enum { OVER, UNDER, NOTHING };

/* Which values it wants to see. It is given these and nothing else. */
static void plan(sb_json config, sb_plan *plan) {
    (void)config;
    sb_events orders = {.event = "order_completed", .within = "90d"};
    sb_plan_sum(plan, "spent", orders, "value");
}

/* What it says about one contact. */
static sb_segment_verdict decide(sb_json config, sb_contact *contact) {
    sb_maybe_number spent = sb_read_number(contact, "spent");
    if (!spent.has) {
        return sb_outside(NOTHING);
    }
    double threshold = sb_json_number(sb_json_member(config, "threshold")).value;
    return spent.value > threshold ? sb_inside(OVER) : sb_outside(UNDER);
}

const sb_segment_rule sb_segment = {plan, decide};
