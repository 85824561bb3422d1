/* A C library of what rules need, so that a component imports nothing: memory that only grows, since an instance lives
 * for one batch, and a few functions on bytes. There are no files, no time and no output to be had. */
#include "stdlib.h"
#include "string.h"

#include <stdint.h>

enum { PAGE = 65536, ALIGN = 16 };

/* The first byte behind what the linker laid out. */
extern char __heap_base;

static uintptr_t next;

void *malloc(size_t size) {
    if (next == 0) {
        next = ((uintptr_t)&__heap_base + ALIGN - 1) & ~(uintptr_t)(ALIGN - 1);
    }
    uintptr_t room = (uintptr_t)__builtin_wasm_memory_size(0) * PAGE;
    uintptr_t end = next + ((size + 2 * ALIGN - 1) & ~(size_t)(ALIGN - 1));
    if (end < next) {
        return NULL;
    }
    if (end > room && __builtin_wasm_memory_grow(0, (end - room + PAGE - 1) / PAGE) == SIZE_MAX) {
        return NULL;
    }
    /* The size stands before the bytes, for realloc. */
    *(size_t *)next = size;
    void *found = (void *)(next + ALIGN);
    next = end;
    return found;
}

void *calloc(size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / size) {
        return NULL;
    }
    void *found = malloc(count * size);
    /* Memory that was never handed out is zero. */
    return found;
}

void *realloc(void *old, size_t size) {
    void *found = malloc(size);
    if (old != NULL && found != NULL) {
        size_t old_size = *(size_t *)((char *)old - ALIGN);
        memcpy(found, old, old_size < size ? old_size : size);
    }
    return found;
}

void free(void *old) {
    (void)old;
}

_Noreturn void abort(void) {
    __builtin_trap();
}

/* One instruction each. */
void *memcpy(void *restrict to, const void *restrict from, size_t length) {
    return __builtin_memcpy(to, from, length);
}

void *memmove(void *to, const void *from, size_t length) {
    return __builtin_memmove(to, from, length);
}

void *memset(void *at, int byte, size_t length) {
    return __builtin_memset(at, byte, length);
}

void *memchr(const void *in, int byte, size_t length) {
    for (size_t at = 0; at < length; at++) {
        if (((const unsigned char *)in)[at] == (unsigned char)byte) {
            return (char *)in + at;
        }
    }
    return NULL;
}

int memcmp(const void *left, const void *right, size_t length) {
    for (size_t at = 0; at < length; at++) {
        int difference = ((const unsigned char *)left)[at] - ((const unsigned char *)right)[at];
        if (difference != 0) {
            return difference;
        }
    }
    return 0;
}

size_t strlen(const char *string) {
    size_t length = 0;
    while (string[length] != '\0') {
        length++;
    }
    return length;
}

char *strchr(const char *string, int byte) {
    return memchr(string, byte, strlen(string) + 1);
}

int strcmp(const char *left, const char *right) {
    return strncmp(left, right, SIZE_MAX);
}

int strncmp(const char *left, const char *right, size_t length) {
    for (size_t at = 0; at < length; at++) {
        int difference = (unsigned char)left[at] - (unsigned char)right[at];
        if (difference != 0 || left[at] == '\0') {
            return difference;
        }
    }
    return 0;
}
