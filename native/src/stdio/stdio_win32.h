#pragma once

#include "../stream/transfer_win32.h"

namespace hvsock {

// The handle of descriptor 0, 1 or 2; other numbers belong to the runtime's own C library. Throws EBADF.
HANDLE standardHandle(int descriptor, const char* syscall);

bool isPipe(HANDLE handle);

// Whether the handle is a pipe whose other end was closed. Consumes no bytes; false for anything but a pipe.
bool otherEndClosed(HANDLE handle);

// Reads or writes a standard handle: overlapped if it was opened for that, otherwise on a thread of its own.
std::unique_ptr<Channel> openChannel(HANDLE handle);

// Signals the reader of a standard handle that nothing follows.
void endOutput(HANDLE handle);

}  // namespace hvsock
