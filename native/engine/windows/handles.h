#pragma once

#include <winsock2.h>
// needs winsock2.h from above
#include <windows.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "../../src/stream/transfer_win32.h"
#include "../../src/system/text_win32.h"

namespace engine {

using hvsock::narrow;
using hvsock::wide;
using hvsock::widePath;

// Writes to a pipe without blocking: it takes bytes when those before are with the reader.
class Outbox {
 public:
  explicit Outbox(HANDLE handle);
  // Cancels what is under way.
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // Goes as far as it can. True: it takes bytes, or has failed.
  bool advance();
  // How many bytes it took. Throws EAGAIN, and what went wrong with those before.
  std::size_t take(const std::uint8_t* bytes, std::size_t length);
  // Signalled once `advance` can go on.
  HANDLE event() const { return channel_->event(); }

 private:
  std::unique_ptr<hvsock::Channel> channel_;
  std::unique_ptr<std::vector<char>> bytes_ = std::make_unique<std::vector<char>>();
  std::size_t sent_ = 0;
  bool writing_ = false;
  int error_ = 0;
};

// Keeps a pipe that was closed here until what was written to it is with its reader.
void linger(HANDLE handle, std::unique_ptr<Outbox> outbox);

// Closes those that are done; gives the events of the others.
std::vector<HANDLE> lingering();

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

bool isConsole(HANDLE handle);

// Columns of a console; 0 for anything else.
int consoleColumns(HANDLE handle);

// Writes text in UTF-8 to a console, whatever its code page is; colours in it are colours. How many bytes it took. Throws.
std::size_t writeConsole(HANDLE handle, const std::uint8_t* bytes, std::size_t length);

}  // namespace engine
