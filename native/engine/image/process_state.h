#pragma once

#include <quickjs.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// What an engine has of its process, beyond what quickjs.h sets. For an engine with one context.

// An error whose stack is the text `stack`, which it takes: the engine's own takes longer than most calls of the system that fail.
JSValue newErrorWithStack(JSContext *js, JSValue stack);

// The same at each build: the seeds that the context took from the clock. Call it before the first map is made.
void fixSeeds(JSContext *js);
// Without bounds of a stack and a time, and with hashes that do not depend on addresses: `base` is where its memory begins.
void leaveProcess(JSContext *js, uintptr_t base);
// With those of this process, whose memory begins at `base`.
void enterProcess(JSContext *js, uintptr_t base);

#ifdef __cplusplus
}
#endif
