/* What the parts of the SDK share. On wasm32 a column lies in memory exactly as the contract's canonical ABI hands it
 * over, so that nothing is copied. */
#ifndef SIGNALBOX_INTERNAL_H
#define SIGNALBOX_INTERNAL_H

#include "signalbox.h"

enum { SB_INPUTS_MAX = 64, SB_OCCASIONS_MAX = 16 };

/* The contract's `column-values`: the first six are lists of the sb_type of the same number. */
enum { SB_MIXED = 6, SB_CONSTANT = 7, SB_ABSENT = 8 };

typedef struct {
    uint8_t kind;
    union {
        struct {
            const void *items;
            size_t length;
        } list;
        sb_value constant;
    } values;
    struct {
        const uint32_t *rows;
        size_t length;
    } missing;
} sb_column;

struct sb_plan {
    struct {
        const char *name;
        sb_type type;
    } inputs[SB_INPUTS_MAX];
    size_t inputs_length;
    sb_values inputs_json;
    sb_values occasions_json;
    size_t occasions_length;
    /* Which occasion is `due`; -1 if none is. */
    int64_t due;
    const char *refusal;
};

struct sb_contact {
    const sb_plan *plan;
    const sb_column *columns;
    size_t row;
    /* Where each column's next missing row is looked for: rows are asked in order. */
    size_t *cursors;
    /* Where the last name was found: rules ask for the same names in the same order for every row. */
    size_t next_input;
    sb_value value;
    sb_maybe_text failure;
};

void sb_append(sb_values *to, sb_text text);
void sb_append_quoted(sb_values *to, sb_text text);
/* The plan's document. */
sb_text sb_plan_document(sb_plan *plan);

#endif
