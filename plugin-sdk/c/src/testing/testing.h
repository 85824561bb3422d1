/* Runs a rule natively in its author's own tests, by the same functions as in a component.
 *
 *     cc -I signalbox tests/rule.c rule.c signalbox/testing/testing.c -o rule-test && ./rule-test
 */
#ifndef SIGNALBOX_TESTING_H
#define SIGNALBOX_TESTING_H

#include "../signalbox.h"

/* What the rule decides on one contact. `given` is a JSON object of values by the names of inputs: what is not named is
 * missing, instants are milliseconds, a clock that is not given is 2026-01-01T00:00:00Z, a seed and an occasion 0. */
sb_trigger_verdict sb_test_trigger(const char *config, const char *given);
sb_segment_verdict sb_test_segment(const char *config, const char *given);
sb_personalizer_verdict sb_test_personalizer(const char *config, const char *given);

/* Why the last of these has no verdict, and then it is not to be looked at; null where it has one. */
const char *sb_test_failure(void);
/* The plan of the last of these, as the server gets it. */
const char *sb_test_plan(void);
/* Whether the personalizer's values are this JSON. */
bool sb_test_values_are(sb_personalizer_verdict verdict, const char *json);

#endif
