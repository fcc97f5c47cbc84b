#pragma once

#include <memory>
#include <vector>

#include "../../../src/stream/transfer_win32.h"

namespace engine {

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

}  // namespace engine
