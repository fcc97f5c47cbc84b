#include <poll.h>

#include <algorithm>

#include "reactor.h"

namespace hvsock {
Reactor::Reactor(std::shared_ptr<Mailbox> mailbox) : mailbox_(std::move(mailbox)), thread_([this] { run(); }) {}

Reactor::~Reactor() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.set();
}

void Reactor::add(std::uint64_t id, Wait wait, std::shared_ptr<Socket> socket) {
  {
    const std::lock_guard lock(mutex_);
    entries_[id] = {std::move(wait), std::move(socket)};
  }
  changed_.set();
}

void Reactor::remove(std::uint64_t id) {
  {
    const std::lock_guard lock(mutex_);
    if (entries_.erase(id) == 0) return;
  }
  changed_.set();
}

void Reactor::run() {
  std::vector<pollfd> set;
  for (;;) {
    // A copy: its sockets stay open, and their numbers in use, until poll returns.
    std::unordered_map<std::uint64_t, Entry> waiting;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      waiting = entries_;
    }
    set.assign(1, {changed_.fd(), POLLIN, 0});
    auto first = never;
    for (const auto& [id, entry] : waiting) {
      set.insert(set.end(), entry.wait.descriptors.begin(), entry.wait.descriptors.end());
      first = std::min(first, entry.wait.until);
    }
    // Too many descriptors for RLIMIT_NOFILE, or no memory: let all of them try again, slowly.
    const bool failed = poll(set.data(), set.size(), millisecondsUntil(first)) < 0;
    if (failed) changed_.wait(10);
    changed_.clear();

    const auto now = Clock::now();
    std::size_t next = 1;
    for (const auto& [id, entry] : waiting) {
      bool ready = failed || now >= entry.wait.until;
      for (std::size_t i = 0; i < entry.wait.descriptors.size(); ++i) ready |= set[next++].revents != 0;
      if (!ready) continue;
      {
        const std::lock_guard lock(mutex_);
        if (entries_.erase(id) == 0) continue;  // removed meanwhile
      }
      mailbox_->post(id);
    }
  }
}

}  // namespace hvsock
