#include "preparation_linux.h"

#include <fcntl.h>

#include <csignal>

#include "../core/failure.h"

namespace engine {

Preparation::Preparation() {
  posix_spawn_file_actions_init(&actions_);
  posix_spawnattr_init(&attributes_);
}

Preparation::~Preparation() {
  posix_spawn_file_actions_destroy(&actions_);
  posix_spawnattr_destroy(&attributes_);
}

void Preparation::give(const std::vector<int>& descriptors) {
  const auto count = static_cast<int>(descriptors.size());
  for (int i = 0; i < count; ++i) {
    int from = descriptors[static_cast<std::size_t>(i)];
    if (from < count && from != i) {  // it would be overwritten before its turn
      copies_.emplace_back(succeeded(fcntl(from, F_DUPFD_CLOEXEC, count), "fcntl"));
      from = copies_.back().get();
    }
    posix_spawn_file_actions_adddup2(&actions_, from, i);  // also from == i: it loses FD_CLOEXEC
  }
}

void Preparation::enter(const std::string& folder) { posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str()); }

void Preparation::resetSignals() {
  sigset_t set;
  sigemptyset(&set);
  posix_spawnattr_setsigmask(&attributes_, &set);
  for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGWINCH}) sigaddset(&set, number);
  posix_spawnattr_setsigdefault(&attributes_, &set);
  flags_ |= POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
}

const posix_spawnattr_t* Preparation::attributes() {
  posix_spawnattr_setflags(&attributes_, flags_);
  return &attributes_;
}

}  // namespace engine
