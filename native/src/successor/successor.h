#pragma once

#include <optional>
#include <string>
#include <vector>

#include "../js/call.h"

namespace hvsock {

// How a relay goes on in a process that holds nothing else: `Become` in native.d.ts.
struct Successor {
  double afterMs;
  bool ignoresInterrupts;
  std::string title;
  std::vector<std::string> onFailure;
};

// `become` of the options of relay; nothing where it is absent.
std::optional<Successor> toSuccessor(const Call& call, napi_value value);

// The program that goes on with a relay, which is called vmssh-relay then. Empty if there is none.
std::string relayProgram();

// Replaces this process by it. Returns if that cannot be done.
void become(const Successor& successor, int socket, int input, int output, double lingerMs);

}  // namespace hvsock
