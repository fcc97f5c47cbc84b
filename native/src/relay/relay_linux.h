#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "../address/address.h"
#include "../stream/stream_linux.h"
#include "../system/descriptor.h"
#include "../system/threads.h"
#include "relay.h"

namespace hvsock {

// The multiplexer of a virtual machine that a relay's unix socket is connected to. When the machine dies, its multiplexer ends or
// starts over, and all that the socket shows is a plain end-of-file. So what is left of the multiplexer decides whether that end was
// the machine's own.
class Multiplexer {
 public:
  // `address` is where `socket` was connected.
  Multiplexer(int socket, const SocketAddress& address);
  // For a process that may look at no path: with the `file` of the one before.
  Multiplexer(int socket, Descriptor file);

  // Whether its process is ending, its socket's file is removed, or no socket is bound there any more. False if that cannot be known.
  // To be asked once. Opens no connection.
  bool isGone() const;
  // Its socket's file, opened only to be looked at. While it is open, no other file gets its number.
  int file() const { return file_.get(); }

 private:
  bool processEnds() const;
  bool isRemoved() const;
  bool isBound() const;

  const std::optional<SocketAddress> address_;
  const Descriptor file_;
  const Descriptor status_;  // of its process: stays that process's, whoever gets its pid afterwards
};

// A session: both directions and how each of them ends, which depends on the other.
class Relay {
 public:
  Relay(int socket, int input, const Stream& output, double lingerMs, const Event& stop, const Multiplexer* multiplexer,
        const AtRest* atRest);
  RelayResult run();

 private:
  using Step = Pump::Step;
  using WaitsFor = Pump::WaitsFor;
  static constexpr std::size_t unlimited = SIZE_MAX;

  enum class Up { open, ended, refused };  // refused: the socket takes no more bytes
  enum class Down { open, ended, failed };

  bool send();
  bool receive();
  std::optional<RelayEnd> over() const;
  bool idle() const;
  Clock::time_point deadline() const;
  void wait(Clock::time_point until);

  void inputEnded();
  void peerEnded();
  void peerFailed();
  void outputFailed();
  void outputGone();
  bool lingers() const;
  bool peerRefusesBytes() const;
  void noteMove();

  Pump up_;    // input → socket
  Pump down_;  // socket → output
  Up upState_ = Up::open;
  Down downState_ = Down::open;
  const double lingerMs_;
  const Event& stop_;
  const bool isVsock_;
  const Multiplexer* const multiplexer_;  // at the socket's other end, if one is there
  const AtRest* atRest_;
  const Clock::time_point restsFrom_;
  bool inputEnded_ = false;       // no more bytes come from input
  bool peerGone_ = false;         // the peer ended both directions
  bool outputGone_ = false;       // nobody reads what comes from the socket
  std::size_t left_ = unlimited;  // once output is gone: bytes that input had accepted by then and that must still be sent
  Clock::time_point lastMove_;    // kept once input ended or output is gone
};

}  // namespace hvsock
