#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "../stdio/stdio_win32.h"
#include "../stream/socket_win32.h"
#include "../system/failure.h"
#include "../system/threads.h"
#include "relay.h"

namespace hvsock {
namespace {

// One direction of a relay: the intake's bytes go to the sink, and meanwhile the intake reads on.
class Pump {
 public:
  Pump(Intake& source, std::unique_ptr<Channel> sink) : source(source), sink(std::move(sink)) {}
  ~Pump();
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  // Does what it can without blocking. True if anything happened.
  bool step();
  // The sink has all of the source's bytes, and nothing follows.
  bool isDone() const { return source.isEnded() && source.size() == 0 && !writing; }
  bool sourceBroke() const { return source.error() != 0 && source.size() == 0 && !writing; }
  void addEvents(std::vector<HANDLE>& events) const;

  Intake& source;
  std::unique_ptr<Channel> sink;
  bool reads = true;
  bool writing = false;
  std::uint64_t moved = 0;
  int error = 0;  // the sink's
};

Pump::~Pump() {
  if (!writing) return;
  if (sink->cancel()) {
    source.pin(false);
  } else {
    sink.release();  // the system may still read from the intake: both are kept until the process ends
  }
}

bool Pump::step() {
  bool any = reads ? source.advance() : source.collect();
  while (!error) {
    if (!writing) {
      if (source.size() == 0) break;
      sink->beginWrite(source.data(), source.size());
      writing = true;
      source.pin(true);
    }
    const Outcome outcome = sink->outcome();
    if (outcome.kind == Outcome::Kind::pending) break;
    any = true;
    writing = false;
    source.pin(false);
    if (outcome.kind == Outcome::Kind::failed) {
      error = outcome.error;
    } else {
      source.take(outcome.length);
      moved += outcome.length;
      if (reads) source.advance();
    }
  }
  if (error != 0) source.take(source.size());  // nobody takes them any more
  return any;
}

void Pump::addEvents(std::vector<HANDLE>& events) const {
  if (source.isReading()) events.push_back(source.event());
  if (writing) events.push_back(sink->event());
}

constexpr double drainPatience = 5000;  // milliseconds without a byte, if lingerMs sets no limit
constexpr double probeInterval = 200;   // milliseconds; Windows has no event for a pipe whose reader went away

// This side of a relay: standard handles, or another socket.
struct Side {
  Intake& input;
  std::unique_ptr<Channel> sink;
  HANDLE output;  // null if `other` is set
  const Socket* other = nullptr;

  void end() const {
    if (other == nullptr) return endOutput(output);
    ::shutdown(other->fd(), SD_SEND);
  }
  bool isGone() const { return other == nullptr && otherEndClosed(output); }
  // Whether a failed write means that the reader is gone; anything else, such as a full disk, is thrown.
  bool isGone(int error) const {
    if (other != nullptr) return true;
    const Failure failure = fromWin32(static_cast<DWORD>(error), "write");
    if (failure.number != EPIPE) throw failure;
    return true;
  }
};

class Relay {
 public:
  Relay(WindowsSocket& socket, Side side, double lingerMs, const Event& stop);
  RelayResult run();

 private:
  enum class Up { open, ended, refused };  // refused: the socket takes no more bytes

  void send();
  void receive();
  std::optional<RelayEnd> over() const;
  Clock::time_point deadline() const;
  void wait();
  void outputGone();

  bool lingers() const { return inputEnded_ && lingerMs_ >= 0 && !down_.isDone() && !down_.writing; }
  void noteMove() { lastMove_ = Clock::now(); }

  WindowsSocket& socket_;
  Side side_;
  Pump up_;    // input → socket
  Pump down_;  // socket → output
  Up upState_ = Up::open;
  const double lingerMs_;
  const Event& stop_;
  bool inputEnded_ = false;
  bool outputEnded_ = false;
  bool outputGone_ = false;     // nobody reads what comes from the socket
  Clock::time_point lastMove_;  // kept up to date all the time
};

Relay::Relay(WindowsSocket& socket, Side side, double lingerMs, const Event& stop)
    : socket_(socket),
      side_(std::move(side)),
      up_(side_.input, socket.channel()),
      down_(*socket.received, std::move(side_.sink)),
      lingerMs_(lingerMs),
      stop_(stop),
      lastMove_(Clock::now()) {}

RelayResult Relay::run() {
  for (;;) {
    const std::uint64_t before = up_.moved + down_.moved;
    send();
    receive();
    if (up_.moved + down_.moved != before) noteMove();
    if (const auto end = over()) return {up_.moved, down_.moved, *end};
    wait();
  }
}

void Relay::send() {
  if (inputEnded_) return;
  up_.step();
  if (up_.error != 0) upState_ = Up::refused;  // what the peer sent before must still be delivered
  const bool broke = up_.sourceBroke();
  if (broke && side_.other == nullptr) throw fromWin32(static_cast<DWORD>(side_.input.error()), "read");
  if (!up_.isDone() && !broke) return;
  inputEnded_ = true;
  noteMove();
  if (upState_ != Up::open) return;
  ::shutdown(socket_.fd(), SD_SEND);
  upState_ = Up::ended;
}

void Relay::receive() {
  if (outputEnded_ || outputGone_) return;
  down_.step();
  if (down_.error != 0) {
    if (side_.isGone(down_.error)) outputGone();
  } else if (down_.sourceBroke()) {
    // A caller that exits closes its input first: then a broken connection is not reported to it.
    if (side_.isGone()) outputGone();
  } else if (down_.isDone()) {
    down_.sink.reset();
    side_.end();
    outputEnded_ = true;
  }
}

std::optional<RelayEnd> Relay::over() const {
  if (outputGone_) {
    const bool sending = upState_ == Up::open && (up_.writing || side_.input.size() > 0) && Clock::now() < deadline();
    return sending ? std::nullopt : std::optional(RelayEnd::output);
  }
  const bool patient = lingers() && Clock::now() < deadline();
  if (down_.sourceBroke() && !patient) throw Failure{socket_.received->error(), "recv", {}};
  if (outputEnded_ && upState_ != Up::open) return RelayEnd::peer;
  return lingers() && !patient ? std::optional(RelayEnd::linger) : std::nullopt;
}

Clock::time_point Relay::deadline() const {
  if (outputGone_) return after(lingerMs_ < 0 ? drainPatience : lingerMs_, lastMove_);
  return lingers() ? after(lingerMs_, lastMove_) : never;
}

void Relay::wait() {
  std::vector<HANDLE> events{stop_.handle()};
  if (!inputEnded_) up_.addEvents(events);
  const bool delivers = !outputEnded_ && !outputGone_;
  if (delivers) down_.addEvents(events);
  // While a write is pending, its own failure decides.
  const bool probes = delivers && !down_.writing;
  const auto until = probes ? std::min(deadline(), after(probeInterval)) : deadline();
  const auto timeout = static_cast<DWORD>(millisecondsUntil(until));
  const DWORD which = WaitForMultipleObjects(static_cast<DWORD>(events.size()), events.data(), FALSE, timeout);
  if (which == WAIT_FAILED) throw lastWin32("WaitForMultipleObjects");
  if (which == WAIT_OBJECT_0) throw Failure{ECANCELED, "relay", {}};
  if (which == WAIT_TIMEOUT && probes && side_.isGone()) outputGone();
}

// What input had accepted when the reader went away is still sent, but no more: input may never end.
void Relay::outputGone() {
  outputGone_ = true;
  up_.reads = false;
  noteMove();
}

// The bytes that came with the socket are no longer needed once its relay ends.
struct LastReader {
  std::unique_ptr<Intake>& received;
  ~LastReader() { received.reset(); }
};

WindowsSocket& windows(const Socket& socket) { return static_cast<WindowsSocket&>(const_cast<Socket&>(socket)); }

}  // namespace

RelayResult runRelay(const Socket& socket, int input, int output, double lingerMs, const Event& stop,
                     const std::optional<SocketAddress>&, const AtRest*) {
  const HANDLE from = standardHandle(input, "relay");
  const HANDLE to = standardHandle(output, "relay");
  const LastReader last{windows(socket).received};
  Intake intake(openChannel(from));
  return Relay(windows(socket), {intake, openChannel(to), to}, lingerMs, stop).run();
}

RelayResult runRelay(const Socket& socket, const Socket& other, const Event& stop, const std::optional<SocketAddress>&) {
  const LastReader last{windows(socket).received};
  const LastReader others{windows(other).received};
  Side side{*windows(other).received, windows(other).channel(), nullptr, &other};
  return Relay(windows(socket), std::move(side), -1, stop).run();
}

}  // namespace hvsock
