#pragma once

#include <spawn.h>

#include <string>
#include <vector>

#include "../../src/system/descriptor.h"

namespace engine {

// What is done in the child before the program, and its attributes.
class Preparation {
 public:
  Preparation();
  ~Preparation();
  Preparation(const Preparation&) = delete;
  Preparation& operator=(const Preparation&) = delete;

  // The child's descriptors 0, 1, 2 … are copies of these; no other of ours stays open in it.
  void give(const std::vector<int>& descriptors);
  void enter(const std::string& folder);
  // The child does not inherit ignored or handled signals.
  void resetSignals();
  void leaveSession() { flags_ |= POSIX_SPAWN_SETSID; }

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes();

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
  short flags_ = 0;
  std::vector<hvsock::Descriptor> copies_;
};

}  // namespace engine
