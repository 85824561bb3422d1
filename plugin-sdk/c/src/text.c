/* Texts, and JSON as it is written: what plans and values are made with. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

void *sb_allocate(size_t size) {
    void *found = malloc(size == 0 ? 1 : size);
    if (found == NULL) {
        abort();
    }
    return found;
}

sb_text sb_string(const char *string) {
    return (sb_text){string, strlen(string)};
}

bool sb_text_is(sb_text text, const char *string) {
    return text.length == strlen(string) && memcmp(text.at, string, text.length) == 0;
}

sb_text sb_text_join(sb_text first, sb_text second) {
    char *both = sb_allocate(first.length + second.length);
    memcpy(both, first.at, first.length);
    memcpy(both + first.length, second.at, second.length);
    return (sb_text){both, first.length + second.length};
}

void sb_append(sb_values *to, sb_text text) {
    if (text.length == 0) {
        return;
    }
    if (to->length + text.length > to->room) {
        to->room = 2 * (to->length + text.length) + 64;
        char *larger = sb_allocate(to->room);
        if (to->length > 0) {
            memcpy(larger, to->at, to->length);
        }
        to->at = larger;
    }
    memcpy(to->at + to->length, text.at, text.length);
    to->length += text.length;
}

void sb_append_quoted(sb_values *to, sb_text text) {
    static const char digits[] = "0123456789abcdef";
    sb_append(to, sb_string("\""));
    for (size_t begin = 0, end = 0; end <= text.length; end++) {
        unsigned char byte = end < text.length ? (unsigned char)text.at[end] : 0;
        bool plain = byte >= 0x20 && byte != '"' && byte != '\\';
        if (plain) {
            continue;
        }
        sb_append(to, (sb_text){text.at + begin, end - begin});
        if (end < text.length) {
            char escaped[] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
            sb_append(to, (sb_text){escaped, sizeof escaped});
        }
        begin = end + 1;
    }
    sb_append(to, sb_string("\""));
}

static void begin_member(sb_values *values, const char *name) {
    sb_append(values, sb_string(values->length == 0 ? "{" : ","));
    sb_append_quoted(values, sb_string(name));
    sb_append(values, sb_string(":"));
}

void sb_put_text(sb_values *values, const char *name, sb_text text) {
    begin_member(values, name);
    sb_append_quoted(values, text);
}

void sb_put_json(sb_values *values, const char *name, sb_json json) {
    begin_member(values, name);
    sb_append(values, json);
}

void sb_put_boolean(sb_values *values, const char *name, bool boolean) {
    sb_put_json(values, name, sb_string(boolean ? "true" : "false"));
}

/* Digits with a point before the last `places` of them. */
static void append_decimal(sb_values *to, bool negative, uint64_t digits, unsigned places) {
    char text[32];
    size_t at = sizeof text;
    for (unsigned written = 0; digits > 0 || written <= places; written++) {
        if (places > 0 && written == places) {
            text[--at] = '.';
        }
        text[--at] = (char)('0' + digits % 10);
        digits /= 10;
    }
    if (negative) {
        text[--at] = '-';
    }
    sb_append(to, (sb_text){text + at, sizeof text - at});
}

void sb_put_integer(sb_values *values, const char *name, int64_t integer) {
    begin_member(values, name);
    append_decimal(values, integer < 0, integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer, 0);
}

void sb_put_decimal(sb_values *values, const char *name, double number, unsigned places) {
    double amount = number < 0 ? -number : number;
    double scale = 1;
    for (unsigned place = 0; place < places; place++) {
        scale *= 10;
    }
    begin_member(values, name);
    if (places > 9 || !(amount < 1e15) || !(amount * scale < 9e18)) {
        sb_append(values, sb_string("null"));
        return;
    }
    uint64_t digits = (uint64_t)(amount * scale + 0.5);
    append_decimal(values, number < 0 && digits > 0, digits, places);
}
