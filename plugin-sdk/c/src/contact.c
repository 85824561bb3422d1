/* What a rule reads: one contact at a time, over the columns that the contract has. */
#include "internal.h"

#include <string.h>

static const char *const IN_WORDS[] = {"a number", "a whole number", "a text", "a boolean", "an instant", "JSON"};

void sb_fail(sb_contact *contact, const char *message) {
    if (!contact->failure.has) {
        sb_text copy = sb_text_join(sb_string(message), (sb_text){"", 0});
        contact->failure = (sb_maybe_text){true, copy};
    }
}

/* The first mistake of a contact is its failure: `before` and `behind` the input's name. */
static void mistake(sb_contact *contact, const char *input, const char *behind) {
    sb_values message = {0};
    sb_append(&message, sb_string("the rule reads the input "));
    sb_append_quoted(&message, sb_string(input));
    sb_append(&message, sb_string(behind));
    if (!contact->failure.has) {
        contact->failure = (sb_maybe_text){true, {message.at, message.length}};
    }
}

/* The place of an input in the plan; the number of inputs where it is not there. */
static size_t place_of(sb_contact *contact, const char *input) {
    const sb_plan *plan = contact->plan;
    for (size_t tried = 0; tried < plan->inputs_length; tried++) {
        size_t place = (contact->next_input + tried) % plan->inputs_length;
        if (strcmp(plan->inputs[place].name, input) == 0) {
            contact->next_input = place + 1;
            return place;
        }
    }
    mistake(contact, input, ", which its plan does not declare");
    return plan->inputs_length;
}

static bool is_missing(sb_contact *contact, size_t place) {
    const sb_column *column = &contact->columns[place];
    if (column->kind == SB_ABSENT) {
        return true;
    }
    size_t *cursor = &contact->cursors[place];
    while (*cursor < column->missing.length && column->missing.rows[*cursor] < contact->row) {
        ++*cursor;
    }
    return *cursor < column->missing.length && column->missing.rows[*cursor] == contact->row;
}

static const sb_value *value_at(sb_contact *contact, size_t place) {
    if (place == contact->plan->inputs_length || is_missing(contact, place)) {
        return NULL;
    }
    const sb_column *column = &contact->columns[place];
    const void *items = column->values.list.items;
    sb_value *value = &contact->value;
    value->type = column->kind;
    switch (column->kind) {
    case SB_CONSTANT:
        return &column->values.constant;
    case SB_MIXED:
        return (const sb_value *)items + contact->row;
    case SB_NUMBER:
        value->as.number = ((const double *)items)[contact->row];
        return value;
    case SB_INTEGER:
    case SB_INSTANT:
        value->as.integer = ((const int64_t *)items)[contact->row];
        return value;
    case SB_BOOLEAN:
        value->as.boolean = ((const uint8_t *)items)[contact->row] != 0;
        return value;
    default:
        value->as.text = ((const sb_text *)items)[contact->row];
        return value;
    }
}

const sb_value *sb_read_value(sb_contact *contact, const char *input) {
    return value_at(contact, place_of(contact, input));
}

/* The value, if it has the type. In a mixed column another type is just another contact's value. */
static const sb_value *typed(sb_contact *contact, const char *input, sb_type wanted) {
    size_t place = place_of(contact, input);
    const sb_value *value = value_at(contact, place);
    if (value == NULL || value->type == wanted || (wanted == SB_NUMBER && value->type == SB_INTEGER)) {
        return value;
    }
    if (contact->plan->inputs[place].type != SB_ANY && contact->columns[place].kind != SB_CONSTANT) {
        sb_text behind = sb_text_join(sb_string(" as "), sb_string(IN_WORDS[wanted]));
        mistake(contact, input, sb_text_join(behind, (sb_text){", its plan says otherwise", 26}).at);
    }
    return NULL;
}

sb_maybe_number sb_read_number(sb_contact *contact, const char *input) {
    const sb_value *value = typed(contact, input, SB_NUMBER);
    if (value == NULL) {
        return (sb_maybe_number){0};
    }
    return (sb_maybe_number){true, value->type == SB_NUMBER ? value->as.number : (double)value->as.integer};
}

static sb_maybe_integer whole(const sb_value *value) {
    return value == NULL ? (sb_maybe_integer){0} : (sb_maybe_integer){true, value->as.integer};
}

sb_maybe_integer sb_read_integer(sb_contact *contact, const char *input) {
    return whole(typed(contact, input, SB_INTEGER));
}

int64_t sb_read_count(sb_contact *contact, const char *input) {
    return sb_read_integer(contact, input).value;
}

sb_maybe_integer sb_read_instant(sb_contact *contact, const char *input) {
    return whole(typed(contact, input, SB_INSTANT));
}

sb_maybe_text sb_read_text(sb_contact *contact, const char *input) {
    const sb_value *value = typed(contact, input, SB_TEXT);
    return value == NULL ? (sb_maybe_text){0} : (sb_maybe_text){true, value->as.text};
}

sb_maybe_boolean sb_read_boolean(sb_contact *contact, const char *input) {
    const sb_value *value = typed(contact, input, SB_BOOLEAN);
    return value == NULL ? (sb_maybe_boolean){0} : (sb_maybe_boolean){true, value->as.boolean};
}

sb_json sb_read_json(sb_contact *contact, const char *input) {
    const sb_value *value = typed(contact, input, SB_JSON);
    return value == NULL ? (sb_json){"", 0} : value->as.text;
}

int64_t sb_read_clock(sb_contact *contact) {
    return sb_read_instant(contact, "clock").value;
}

int64_t sb_read_occasion(sb_contact *contact) {
    return contact->plan->occasions_length == 1 ? 0 : sb_read_integer(contact, "occasion").value;
}

bool sb_is_due(sb_contact *contact) {
    return contact->plan->due >= 0 && sb_read_occasion(contact) == contact->plan->due;
}

sb_random sb_read_random(sb_contact *contact) {
    return (sb_random){(uint64_t)sb_read_integer(contact, "seed").value};
}

/* SplitMix64 of Steele, Lea and Flood, 2014. */
static uint64_t bits(sb_random *random) {
    random->state += 0x9e3779b97f4a7c15;
    uint64_t mixed = random->state;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
}

uint64_t sb_random_below(sb_random *random, uint64_t bound) {
    /* The upper half of the product of two 64-bit numbers. */
    uint64_t number = bits(random);
    uint64_t low = (number & 0xffffffff) * (bound & 0xffffffff);
    uint64_t left = (number >> 32) * (bound & 0xffffffff) + (low >> 32);
    uint64_t right = (number & 0xffffffff) * (bound >> 32) + (left & 0xffffffff);
    return (number >> 32) * (bound >> 32) + (left >> 32) + (right >> 32);
}

double sb_random_fraction(sb_random *random) {
    return (double)(bits(random) >> 11) / 9007199254740992.0;
}
