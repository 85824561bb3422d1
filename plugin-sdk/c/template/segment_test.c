/* Runs the rule as it is, without building the component:
 *     cc -I signalbox tests/rule.c rule.c signalbox/testing/testing.c -o rule-test && ./rule-test */
#include "../signalbox/testing/testing.h"

#include <assert.h>
#include <stdio.h>

int main(void) {
    const char *config = "{\"threshold\":100}";
    assert(sb_test_segment(config, "{\"spent\":120.5}").member);
    assert(!sb_test_segment(config, "{\"spent\":100}").member);
    assert(!sb_test_segment(config, "{}").member);
    assert(sb_test_failure() == NULL);
    puts("ok");
}
