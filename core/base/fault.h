// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <cstdlib>

/// A fault is our own mistake: it ends a debug build and is logged once a call in a release build.
#ifndef NDEBUG
#define BN_ASSERT(condition)                                                                            \
    do {                                                                                                \
        if (!(condition)) {                                                                             \
            std::fprintf(stderr, "fault: %s at %s:%d\n", #condition, __FILE__, __LINE__);               \
            std::abort();                                                                               \
        }                                                                                               \
    } while (false)
#else
#define BN_ASSERT(condition)                                                                            \
    do {                                                                                                \
        if (!(condition)) [[unlikely]]                                                                  \
            std::fprintf(stderr, "fault: %s at %s:%d\n", #condition, __FILE__, __LINE__);               \
    } while (false)
#endif
