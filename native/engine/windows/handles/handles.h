#pragma once

#include <winsock2.h>
// needs winsock2.h from above
#include <windows.h>

#include <memory>

#include "outbox.h"

namespace engine {

// What a number in JavaScript stands for: 0, 1 and 2 for this process's own handles, others for what was opened here.
struct Opened {
  HANDLE handle;
  // Set once it does not block.
  std::unique_ptr<hvsock::Intake> received{};
  std::unique_ptr<Outbox> sent{};
};

// Throws EBADF.
HANDLE handleOf(int descriptor, const char* call);
// Null for what blocks.
Opened* openedWithoutBlocking(int descriptor);

// Whether there are bytes, or the end, or what went wrong; else `received->event()` tells of them.
bool canBeRead(Opened& opened);

int addHandle(HANDLE handle);
void stopBlocking(int descriptor, const char* call);
// What was written before is still delivered.
void closeHandle(int descriptor, const char* call);

// Reads or writes once, and waits for that; a handle for overlapped calls is welcome, too. Throws.
std::size_t readNow(HANDLE handle, void* to, std::size_t most);
std::size_t writeNow(HANDLE handle, const void* from, std::size_t length);

}  // namespace engine
