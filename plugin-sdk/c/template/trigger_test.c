/* Runs the rule as it is, without building the component:
 *     cc -I signalbox tests/rule.c rule.c signalbox/testing/testing.c -o rule-test && ./rule-test */
#include "../signalbox/testing/testing.h"

#include <assert.h>
#include <stdio.h>

int main(void) {
    const char *config = "{\"hours\":4}";
    sb_trigger_verdict waiting = sb_test_trigger(config, "{\"occurred_at\":0}");
    assert(!waiting.enters && waiting.arms && waiting.arm.at == 4 * 3600000);
    sb_trigger_verdict due = sb_test_trigger(config, "{\"occasion\":1}");
    assert(due.enters && !due.arms);
    assert(sb_test_failure() == NULL);
    puts("ok");
}
