/* Tests of the SDK itself, natively: cc -fsanitize=address,undefined -I src tests/sdk.c src/testing/testing.c */
#include "../src/testing/testing.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static sb_json json(const char *text) {
    return sb_string(text);
}

static bool is_text(sb_json found, const char *expected) {
    sb_maybe_text text = sb_json_text(found);
    return text.has && sb_text_is(text.value, expected);
}

static void json_is_read(void) {
    sb_json object = json(" {\"a\\u0062\" : [1, {\"x\":\"]}\"}, -2.5e3 ], \"t\":\"\\u00e9\\ud83d\\ude00\\n\\\"\\/\", \"n\":null}");
    sb_json list = sb_json_member(object, "ab");
    assert(sb_json_integer(sb_json_item(list, 0)).value == 1);
    assert(is_text(sb_json_member(sb_json_item(list, 1), "x"), "]}"));
    assert(sb_json_number(sb_json_item(list, 2)).value == -2500);
    assert(sb_json_item(list, 3).length == 0 && sb_json_item(object, 0).length == 0);
    assert(is_text(sb_json_member(object, "t"), "\xc3\xa9\xf0\x9f\x98\x80\n\"/"));
    assert(!sb_json_text(sb_json_member(object, "n")).has && !sb_json_number(sb_json_member(object, "n")).has);
    assert(sb_json_member(object, "missing").length == 0 && sb_json_member(list, "a").length == 0);
    assert(sb_json_boolean(json("true")).value && sb_json_boolean(json("false")).has && !sb_json_boolean(json("1")).has);
}

static void numbers_are_read(void) {
    struct {
        const char *text;
        double value;
    } cases[] = {{"0", 0},         {"120.5", 120.5},     {"0.1", 0.1},        {"-1e-7", -1e-7},
                 {"1E22", 1e22},   {"123456.789", 123456.789}, {"1e400", 1.0 / 0.0}, {"1e-400", 0},
                 {"9007199254740993", 9007199254740992.0}, {"100000000000000000000", 1e20}};
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
        assert(sb_json_number(json(cases[at].text)).value == cases[at].value);
    }
    assert(sb_json_integer(json("-9223372036854775808")).value == INT64_MIN);
    assert(sb_json_integer(json("9223372036854775807")).value == INT64_MAX);
    assert(!sb_json_integer(json("9223372036854775808")).has && !sb_json_integer(json("1.5")).has);
    assert(!sb_json_integer(json("")).has && !sb_json_integer(json("-")).has && !sb_json_number(json("x")).has);
}

/* Whatever is cut off or crooked, nothing is read beyond its end; the sanitizer looks. */
static void crooked_json_is_bounded(void) {
    const char *whole = "{\"a\\ud83d\":[1,{\"b\":\"\\u00\"}],\"c\":{\"d\":[[[\"\\";
    for (size_t length = 0; length <= strlen(whole); length++) {
        char *cut = sb_allocate(length);
        memcpy(cut, whole, length);
        sb_json found = sb_json_member((sb_json){cut, length}, "c");
        sb_json_item(sb_json_member(found, "d"), 0);
        sb_json_text((sb_json){cut, length});
        sb_json_number((sb_json){cut, length});
    }
}

static void values_are_written(void) {
    sb_values values = {0};
    sb_put_text(&values, "t\"", sb_string("a\n\\\xc3\xa9"));
    sb_put_integer(&values, "i", INT64_MIN);
    sb_put_integer(&values, "z", 0);
    sb_put_decimal(&values, "d", 12.345, 2);
    sb_put_decimal(&values, "m", -0.05, 1);
    sb_put_decimal(&values, "n", 1e300, 2);
    sb_put_boolean(&values, "b", true);
    sb_put_json(&values, "j", sb_string("[1]"));
    assert(sb_test_values_are(
        sb_personalize(0, values),
        "{\"t\\u0022\":\"a\\u000a\\u005c\xc3\xa9\",\"i\":-9223372036854775808,\"z\":0,\"d\":12.35,\"m\":-0.1,\"n\":null,\"b\":true,\"j\":[1]}"));
    assert(sb_test_values_are(sb_personalize(0, (sb_values){0}), "{}"));
}

static void random_numbers_of_a_seed_never_change(void) {
    sb_random random = {0};
    assert(sb_random_fraction(&random) == 0.8833108082136426);
    sb_random again = {0};
    assert(sb_random_below(&again, 7) == 6 && sb_random_below(&again, UINT64_MAX) == 0x6e789e6aa1b965f3);
}

static void plan(sb_json config, sb_plan *plan) {
    (void)config;
    sb_plan_attribute(plan, "n", SB_NUMBER);
    sb_plan_kept(plan, "any", "k", SB_ANY);
    sb_plan_arm_taken(plan, "arm", "which_offer");
    sb_plan_count(plan, "orders", (sb_events){"order_completed", "[]", "90d"});
    sb_plan_recent(plan, "last", (sb_events){.event = "order_completed"}, 3);
    sb_plan_last_field(plan, "url", (sb_events){.event = "page_viewed"}, "url", SB_TEXT);
    sb_plan_clock(plan);
    sb_plan_seed(plan);
}

static sb_segment_verdict decide(sb_json config, sb_contact *contact) {
    sb_maybe_text wanted = sb_json_text(sb_json_member(config, "read"));
    if (sb_text_is(wanted.value, "undeclared")) {
        sb_read_number(contact, "m");
    } else if (sb_text_is(wanted.value, "other type")) {
        sb_read_text(contact, "n");
    } else if (sb_text_is(wanted.value, "fail")) {
        sb_fail(contact, "on purpose");
        sb_fail(contact, "not this one");
    }
    assert(!sb_read_text(contact, "any").has && sb_read_number(contact, "any").value == 2);
    assert(sb_read_count(contact, "orders") == 0 && sb_read_json(contact, "last").length == 0);
    assert(sb_read_value(contact, "url") == NULL && sb_read_clock(contact) == 1767225600000);
    return sb_read_number(contact, "n").has ? sb_inside(0) : sb_outside(0);
}

const sb_segment_rule sb_segment = {plan, decide};

static void contacts_are_read(void) {
    assert(sb_test_segment("{\"read\":\"\"}", "{\"n\":0,\"any\":2}").member && sb_test_failure() == NULL);
    assert(!sb_test_segment("{\"read\":\"\"}", "{\"any\":2}").member && sb_test_failure() == NULL);
    sb_test_segment("{\"read\":\"undeclared\"}", "{\"n\":0,\"any\":2}");
    assert(strcmp(sb_test_failure(), "the rule reads the input \"m\", which its plan does not declare") == 0);
    sb_test_segment("{\"read\":\"other type\"}", "{\"n\":0,\"any\":2}");
    assert(strcmp(sb_test_failure(), "the rule reads the input \"n\" as a text, its plan says otherwise") == 0);
    sb_test_segment("{\"read\":\"fail\"}", "{\"n\":0,\"any\":2}");
    assert(strcmp(sb_test_failure(), "on purpose") == 0);
    assert(strstr(sb_test_plan(), "{\"name\":\"orders\",\"source\":{\"count\":{\"event\":\"order_completed\",\"where\":[],\"within\":\"90d\"}},\"type\":\"integer\"}"));
    assert(strstr(sb_test_plan(), "{\"name\":\"url\",\"source\":{\"last\":{\"of\":{\"event\":\"page_viewed\"},\"field\":\"url\"}},\"type\":\"text\"}"));
}

int main(void) {
    json_is_read();
    numbers_are_read();
    crooked_json_is_bounded();
    values_are_written();
    random_numbers_of_a_seed_never_change();
    contacts_are_read();
    puts("ok");
}
