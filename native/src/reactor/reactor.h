#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "../system/threads.h"
#include "../js/js.h"
#include "operation.h"

namespace hvsock {

// Waits for operations, and posts an operation's id once it should try again: a thread that polls, or on
// Windows the system's pool of waiting threads.
class Reactor {
 public:
  explicit Reactor(std::shared_ptr<Mailbox> mailbox);
  // Stops watching and waits for what has started to end.
  ~Reactor();

  // Waits once. `socket` stays open meanwhile.
  void add(std::uint64_t id, Wait wait, std::shared_ptr<Socket> socket);
  void remove(std::uint64_t id);

 private:
#if defined(_WIN32)
  struct Entry;

  const std::shared_ptr<Mailbox> mailbox_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Entry>> entries_;
#else
  struct Entry {
    Wait wait;
    std::shared_ptr<Socket> socket;
  };

  void run();

  const std::shared_ptr<Mailbox> mailbox_;
  Event changed_;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, Entry> entries_;
  bool stopping_ = false;
  Thread thread_;  // the last member: it uses the others
#endif
};

}  // namespace hvsock
