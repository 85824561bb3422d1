/* Greets by first name where there is one. */
#include "signalbox.h"

/* Why: the reasons in description.json, in their order. */
enum { BY_NAME, NAMELESS };

/* Which values it wants to see. It is given these and nothing else. */
static void plan(sb_json config, sb_plan *plan) {
    (void)config;
    sb_plan_attribute(plan, "first_name", SB_TEXT);
}

/* What it says about one contact: the template shows it as {{ greeting }}. */
static sb_personalizer_verdict decide(sb_json config, sb_contact *contact) {
    sb_text greeting = sb_json_text(sb_json_member(config, "word")).value;
    sb_maybe_text name = sb_read_text(contact, "first_name");
    if (name.has) {
        greeting = sb_text_join(sb_text_join(greeting, sb_string(" ")), name.value);
    }
    sb_values values = {0};
    sb_put_text(&values, "greeting", greeting);
    return sb_personalize(name.has ? BY_NAME : NAMELESS, values);
}

const sb_personalizer_rule sb_personalizer = {plan, decide};
