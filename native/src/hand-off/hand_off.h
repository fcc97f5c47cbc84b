#pragma once

#include <optional>
#include <string>
#include <vector>

#include "../js/call.h"

namespace hvsock {

// How a relay of the executable goes on in a process that holds nothing else: `HandOff` in native.d.ts.
struct HandOff {
  double afterMs;
  bool ignoresInterrupts;
  bool isConfined;
  std::string title;
  std::vector<std::string> onFailure;
};

// `handOff` of the options of relay; nothing where it is absent.
std::optional<HandOff> toHandOff(const Call& call, napi_value value);

// What that process relays.
struct RelayEnds {
  int socket;
  int input;
  int output;
  double lingerMs;
  bool isMultiplexed;   // a multiplexer is at the socket's other end
  int multiplexerFile;  // the file of its socket; below 0 if it could not be opened
};

// Replaces this process by one that only relays. Returns if that cannot be done.
void execHandOff(const HandOff& handOff, const RelayEnds& ends);

}  // namespace hvsock
