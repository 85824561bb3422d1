/* The part of the C library that there is in a component; see libc.c. */
#ifndef SIGNALBOX_STDLIB_H
#define SIGNALBOX_STDLIB_H

#include <stddef.h>

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *old, size_t size);
void free(void *old);
_Noreturn void abort(void);

#endif
