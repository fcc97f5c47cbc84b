#include "relay_loop.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "../system/clock.h"
#include "../system/failure_win32.h"
#include "../stream/socket_win32.h"
#include "../stdio/stdio_win32.h"
#include "pump_win32.h"

namespace hvsock {
namespace {

constexpr double drainPatience = 5000;  // milliseconds without a byte, if lingerMs sets no limit
constexpr double probeInterval = 200;   // milliseconds; Windows has no event for a pipe whose reader went away

class Relay {
 public:
  Relay(WindowsSocket& socket, HANDLE input, HANDLE output, double lingerMs, const Event& stop);
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
  const HANDLE output_;
  Intake input_;
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

Relay::Relay(WindowsSocket& socket, HANDLE input, HANDLE output, double lingerMs, const Event& stop)
    : socket_(socket),
      output_(output),
      input_(openChannel(input)),
      up_(input_, socket.channel()),
      down_(*socket.received, openChannel(output)),
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
  if (up_.sourceBroke()) throw fromWin32(static_cast<DWORD>(input_.error()), "read");
  if (!up_.isDone()) return;
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
    const Failure failure = fromWin32(static_cast<DWORD>(down_.error), "write");
    if (failure.number != EPIPE) throw failure;
    outputGone();
  } else if (down_.sourceBroke()) {
    // A caller that exits closes its input first: then a broken connection is not reported to it.
    if (otherEndClosed(output_)) outputGone();
  } else if (down_.isDone()) {
    down_.sink.reset();
    endOutput(output_);
    outputEnded_ = true;
  }
}

std::optional<RelayEnd> Relay::over() const {
  if (outputGone_) {
    const bool sending = upState_ == Up::open && (up_.writing || input_.size() > 0) && Clock::now() < deadline();
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
  if (which == WAIT_TIMEOUT && probes && otherEndClosed(output_)) outputGone();
}

// What input had accepted when the reader went away is still sent, but no more: input may never end.
void Relay::outputGone() {
  outputGone_ = true;
  up_.reads = false;
  noteMove();
}

}  // namespace

RelayResult runRelay(const Socket& socket, int input, int output, double lingerMs, const Event& stop, const AtRest*) {
  const HANDLE from = standardHandle(input, "relay");
  const HANDLE to = standardHandle(output, "relay");
  auto& windows = static_cast<WindowsSocket&>(const_cast<Socket&>(socket));
  struct LastReader {
    std::unique_ptr<Intake>& received;
    ~LastReader() { received.reset(); }
  } last{windows.received};
  return Relay(windows, from, to, lingerMs, stop).run();
}

}  // namespace hvsock
