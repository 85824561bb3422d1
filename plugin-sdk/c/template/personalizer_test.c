/* Runs the rule as it is, without building the component:
 *     cc -I signalbox tests/rule.c rule.c signalbox/testing/testing.c -o rule-test && ./rule-test */
#include "../signalbox/testing/testing.h"

#include <assert.h>
#include <stdio.h>

int main(void) {
    const char *config = "{\"word\":\"Hello\"}";
    assert(sb_test_values_are(sb_test_personalizer(config, "{\"first_name\":\"Ada\"}"), "{\"greeting\":\"Hello Ada\"}"));
    assert(sb_test_values_are(sb_test_personalizer(config, "{}"), "{\"greeting\":\"Hello\"}"));
    assert(sb_test_failure() == NULL);
    puts("ok");
}
