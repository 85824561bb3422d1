/* Runs the rule as it is, without building the component; its cases are in description.json. */
#include "testing/testing.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    sb_trigger_verdict larger = sb_test_trigger("{}", "{\"amount\":100,\"total\":250,\"orders\":4}");
    assert(larger.enters && !larger.key.has && !larger.arms && larger.reason == 0);
    sb_trigger_verdict usual = sb_test_trigger("{}", "{\"amount\":99.99,\"total\":249.99,\"orders\":4}");
    assert(!usual.enters && usual.reason == 1);
    sb_test_trigger("{\"event\":\"a \\\"gift\\\"\",\"field\":\"sum\",\"within\":\"30d\"}", "{}");
    assert(sb_test_failure() == NULL);
    const char *plan = sb_test_plan();
    assert(strstr(plan, "{\"event_field\":\"sum\"}") != NULL);
    assert(strstr(plan, "[{\"field\":\"sum\",\"operator\":\"exists\",\"value\":true}]") != NULL);
    assert(strstr(plan, "\"within\":\"30d\"") != NULL && strstr(plan, "a \\u0022gift\\u0022") != NULL);
    puts("ok");
}
