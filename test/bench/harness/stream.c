#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

static unsigned char sent[stream_block];

// Fills a block with what belongs at this place of the stream: a pattern, with the block's number in front.
void stream_fill(unsigned char *block, long number) {
  if (number == 0)
    for (size_t i = 0; i < stream_block; i++) block[i] = (unsigned char)(i * 2654435761u >> 13);
  memcpy(block, &number, sizeof number);
}

// plan->bytes through one relay, each block compared with what was sent; prints the bytes and closes.
void stream(const struct plan *plan) {
  serve(plan, service_checked_sink);
  struct child child = start(plan, wires_pipes);
  for (long number = 0; number < plan->bytes / stream_block; number++) {
    stream_fill(sent, number);
    write_all(child.in, sent, stream_block);
  }
  sink_full_at();
  printf("{\"bytes\":%ld}\n", plan->bytes);
  finish(plan, &child);
}
