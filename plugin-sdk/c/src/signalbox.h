/* Rules for Signalbox in C: a description, a config, two functions and one constant.
 *
 * A rule decides who enters an email journey (sb_trigger), who is in an audience (sb_segment) or what a message says
 * (sb_personalizer). It runs in a sandbox and imports nothing: it names its inputs in `plan`, receives exactly those in
 * `decide`, and has no clock, no files, no network and no chance but what it declared. So the same inputs give the same
 * verdict for ever.
 *
 * What to know:
 * - A missing value has `has` false. It is never false and never 0; only a count is always there.
 * - `sb_fail` makes a failure of that one contact; the others' verdicts stand.
 * - Nothing is freed: memory lasts for one batch, and the instance is thrown away after it.
 * - Texts are UTF-8 with a length and no final zero.
 * - `description.json` beside the sources says what the plugin is; its reasons are counted from 0 in their order.
 */
#ifndef SIGNALBOX_H
#define SIGNALBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Values ---- */

/* The type of an input. A value of another type counts as missing; SB_ANY gives each contact's value its own. */
typedef enum { SB_NUMBER, SB_INTEGER, SB_TEXT, SB_BOOLEAN, SB_INSTANT, SB_JSON, SB_ANY } sb_type;

/* UTF-8 with a length. */
typedef struct {
    const char *at;
    size_t length;
} sb_text;

/* What may be missing. An instant is a whole number: milliseconds since 1970. */
typedef struct {
    bool has;
    double value;
} sb_maybe_number;
typedef struct {
    bool has;
    int64_t value;
} sb_maybe_integer;
typedef struct {
    bool has;
    bool value;
} sb_maybe_boolean;
typedef struct {
    bool has;
    sb_text value;
} sb_maybe_text;

/* A value of any type. `integer` is also an instant, `text` also JSON. */
typedef struct {
    uint8_t type; /* an sb_type, never SB_ANY */
    union {
        double number;
        int64_t integer;
        sb_text text;
        bool boolean;
    } as;
} sb_value;

/* A C string as a text; it is not copied. */
sb_text sb_string(const char *string);
/* Whether both have the same bytes. */
bool sb_text_is(sb_text text, const char *string);
/* Both, one behind the other. */
sb_text sb_text_join(sb_text first, sb_text second);
/* `size` bytes that last for the batch. Traps when there are no more. */
void *sb_allocate(size_t size);

/* ---- The config: JSON that meets the schema in description.json ---- */

/* One JSON value, as its text; its length is 0 where there is none. */
typedef sb_text sb_json;

/* A member of an object; none where it is no object or has no such member. */
sb_json sb_json_member(sb_json object, const char *name);
/* An item of a list, counted from 0; none behind the last. */
sb_json sb_json_item(sb_json list, size_t index);
/* The amount, if it is a number: exact with up to 15 digits and an exponent of up to 22, else within 4 in the last place. */
sb_maybe_number sb_json_number(sb_json json);
/* The whole number, if it is one that 64 bits hold and is written without fraction and exponent. */
sb_maybe_integer sb_json_integer(sb_json json);
sb_maybe_boolean sb_json_boolean(sb_json json);
sb_maybe_text sb_json_text(sb_json json);

/* ---- The plan: what a rule reads and when a trigger is asked ---- */

typedef struct sb_plan sb_plan;

/* Events of the contact's history. `where`: conditions as JSON, such as
 * [{"field":"plan","operator":"eq","value":"gold"}]. `within`: a rolling window such as "90d", "36h" or "2w"; better than
 * the clock, since the host knows when a window's count changes. Both may be left out. */
typedef struct {
    const char *event;
    const char *where;
    const char *within;
} sb_events;

/* An attribute of the contact as it is now, under its own name. */
void sb_plan_attribute(sb_plan *plan, const char *attribute, sb_type type);
/* A field of the occasion's event (on `due` of the event that armed), under its own name. */
void sb_plan_event_field(sb_plan *plan, const char *field, sb_type type);
/* How many such events there are: an integer, never missing. */
void sb_plan_count(sb_plan *plan, const char *input, sb_events of);
/* The sum of a numeric field: a number, missing where no such event has one. */
void sb_plan_sum(sb_plan *plan, const char *input, sb_events of, const char *field);
/* When the first or last such event occurred: an instant. */
void sb_plan_first(sb_plan *plan, const char *input, sb_events of);
void sb_plan_last(sb_plan *plan, const char *input, sb_events of);
/* A field of the last such event. */
void sb_plan_last_field(sb_plan *plan, const char *input, sb_events of, const char *field, sb_type type);
/* The most recent such events, 1 to 100, newest first: JSON, a list of objects with `occurred_at` and `fields`. */
void sb_plan_recent(sb_plan *plan, const char *input, sb_events of, unsigned most);
/* Whether the contact is in the segment of this name: a boolean. */
void sb_plan_member_of(sb_plan *plan, const char *input, const char *segment);
/* A value that an earlier step or journey kept. */
void sb_plan_kept(sb_plan *plan, const char *input, const char *kept, sb_type type);
/* The arm that the journey took at a step, a text: its name, the step or event it stands for, or `otherwise`. */
void sb_plan_arm_taken(sb_plan *plan, const char *input, const char *step);
/* Any other source, as JSON of the plan's schema, such as {"table":{"table":"prices"}}. */
void sb_plan_input(sb_plan *plan, const char *input, const char *source, sb_type type);
/* Under the names `occurred_at` (instant), `occasion` (see sb_is_due), `arm_key` (text), `clock`, `seed`. */
void sb_plan_occurred_at(sb_plan *plan);
void sb_plan_occasion(sb_plan *plan);
void sb_plan_arm_key(sb_plan *plan);
void sb_plan_clock(sb_plan *plan);
void sb_plan_seed(sb_plan *plan);
/* Asks the trigger when such an event was applied (`where` may be null), and when its own arm fired. */
void sb_plan_on_event(sb_plan *plan, const char *event, const char *where);
void sb_plan_on_due(sb_plan *plan);
/* Any other occasion, as JSON of the plan's schema, such as "start" in quotes. */
void sb_plan_on(sb_plan *plan, const char *occasion);
/* Refuses the config, in words for the person who wrote it. */
void sb_plan_refuse(sb_plan *plan, const char *message);

/* ---- The contact: one at a time, by input name ---- */

/* Reading an input that the plan does not declare, or as another type than its own, is a mistake in the rule: the value
 * is missing, and the contact's answer becomes a failure that names the input. */
typedef struct sb_contact sb_contact;

/* A number, whole or not. */
sb_maybe_number sb_read_number(sb_contact *contact, const char *input);
sb_maybe_integer sb_read_integer(sb_contact *contact, const char *input);
/* A count, which is never missing. */
int64_t sb_read_count(sb_contact *contact, const char *input);
sb_maybe_text sb_read_text(sb_contact *contact, const char *input);
sb_maybe_boolean sb_read_boolean(sb_contact *contact, const char *input);
/* Milliseconds since 1970. */
sb_maybe_integer sb_read_instant(sb_contact *contact, const char *input);
sb_json sb_read_json(sb_contact *contact, const char *input);
/* The value whatever its type; null where it is missing. */
const sb_value *sb_read_value(sb_contact *contact, const char *input);
/* The time, for a plan with sb_plan_clock. The same for every contact of a batch. */
int64_t sb_read_clock(sb_contact *contact);
/* Which occasion of the plan it is, counted from 0 in the order they were added. */
int64_t sb_read_occasion(sb_contact *contact);
/* Whether the trigger is asked because its own arm fired. */
bool sb_is_due(sb_contact *contact);
/* There is no answer for this contact: a text for people, which is copied. What `decide` returns is not looked at. */
void sb_fail(sb_contact *contact, const char *message);

/* Random numbers that are the same at each re-execution (SplitMix64); not for secrets. */
typedef struct {
    uint64_t state;
} sb_random;

/* The contact's own, from their beginning, for a plan with sb_plan_seed. */
sb_random sb_read_random(sb_contact *contact);
/* From 0 up to but not including `bound`. */
uint64_t sb_random_below(sb_random *random, uint64_t bound);
/* From 0 up to but not including 1. */
double sb_random_fraction(sb_random *random);

/* ---- The verdict. `reason`: the index of one of the reasons in description.json ---- */

typedef struct {
    bool member;
    uint32_t reason;
    /* The next instant at which the answer can change by time alone; only where the plan has a clock. */
    sb_maybe_integer recheck_at;
} sb_segment_verdict;

sb_segment_verdict sb_inside(uint32_t reason);
sb_segment_verdict sb_outside(uint32_t reason);

/* An event that takes an arm away; `where` as in sb_events. */
typedef struct {
    const char *event;
    const char *where;
} sb_cancel;

typedef struct {
    /* The contact enters; the same key (1 to 256 bytes) never enters twice, without one it is the event's id. */
    bool enters;
    sb_maybe_text key;
    /* The trigger is asked again on `due`. A newer arm with the same key replaces the older one. */
    bool arms;
    struct {
        int64_t at; /* milliseconds since 1970; at once if it is past */
        sb_text key;
        sb_cancel cancelled_by[8];
        size_t cancels; /* how many of `cancelled_by` count */
    } arm;
    uint32_t reason;
} sb_trigger_verdict;

sb_trigger_verdict sb_enter(uint32_t reason);
sb_trigger_verdict sb_enter_with(uint32_t reason, sb_text key);
sb_trigger_verdict sb_arm(uint32_t reason, int64_t at, sb_text key);
sb_trigger_verdict sb_nothing(uint32_t reason);

/* A JSON object in the making; begin with {0}. */
typedef struct {
    char *at;
    size_t length, room;
} sb_values;

void sb_put_text(sb_values *values, const char *name, sb_text text);
void sb_put_integer(sb_values *values, const char *name, int64_t integer);
/* Rounded to so many places behind the point, 0 to 9; for amounts below 1e15 that is. Others are put as null. */
void sb_put_decimal(sb_values *values, const char *name, double number, unsigned places);
void sb_put_boolean(sb_values *values, const char *name, bool boolean);
/* JSON text as it is. */
void sb_put_json(sb_values *values, const char *name, sb_json json);

typedef struct {
    /* Values for the template, at most 16 KiB. */
    sb_values values;
    /* In place of the template's, without line breaks, at most 250 characters. */
    sb_maybe_text subject;
    /* The name of another template of the workflow. */
    sb_maybe_text variant;
    /* When the message should go out. */
    sb_maybe_integer send_at;
    uint32_t reason;
} sb_personalizer_verdict;

sb_personalizer_verdict sb_personalize(uint32_t reason, sb_values values);

/* ---- The rule: a plugin defines each of these that description.json names, and no other ---- */

typedef struct {
    void (*plan)(sb_json config, sb_plan *plan);
    sb_trigger_verdict (*decide)(sb_json config, sb_contact *contact);
} sb_trigger_rule;
typedef struct {
    void (*plan)(sb_json config, sb_plan *plan);
    sb_segment_verdict (*decide)(sb_json config, sb_contact *contact);
} sb_segment_rule;
typedef struct {
    void (*plan)(sb_json config, sb_plan *plan);
    sb_personalizer_verdict (*decide)(sb_json config, sb_contact *contact);
} sb_personalizer_rule;

extern const sb_trigger_rule sb_trigger;
extern const sb_segment_rule sb_segment;
extern const sb_personalizer_rule sb_personalizer;

#endif
