#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <optional>
#include <utility>

#include "../system/clock.h"
#include "../system/failure.h"
#include "pump_linux.h"
#include "relay_loop.h"

// Over 200 lines: one loop serves both directions, and how each of them ends depends on the other.
namespace hvsock {
namespace {

using Step = Pump::Step;
using WaitsFor = Pump::WaitsFor;

constexpr int turns = 8;                // for one direction, then it is the other's turn
constexpr unsigned roundsPerPoll = 16;  // while bytes move: how often to poll for everything else
constexpr double drainPatience = 5000;  // milliseconds without a byte, if lingerMs sets no limit
constexpr double probeInterval = 1000;  // milliseconds
constexpr std::size_t unlimited = SIZE_MAX;
constexpr short broken = POLLERR | POLLHUP | POLLNVAL;

class Relay {
 public:
  Relay(int socket, int input, int output, double lingerMs, const Event& stop, const AtRest* atRest);
  RelayResult run();

 private:
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
  void noteMove();

  Pump up_;    // input → socket
  Pump down_;  // socket → output
  Up upState_ = Up::open;
  Down downState_ = Down::open;
  const double lingerMs_;
  const Event& stop_;
  const bool isVsock_;
  const AtRest* atRest_;
  const Clock::time_point restsFrom_;
  bool inputEnded_ = false;       // no more bytes come from input
  bool peerGone_ = false;         // the peer ended both directions
  bool outputGone_ = false;       // nobody reads what comes from the socket
  std::size_t left_ = unlimited;  // once output is gone: bytes that input had accepted by then and that must still be sent
  Clock::time_point lastMove_;    // kept once input ended or output is gone
};

bool isVsock(int socket) {
  int family = 0;
  socklen_t size = sizeof family;
  return getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size) == 0 && family == AF_VSOCK;
}

// Whether the peer has stopped reading. Consumes no bytes.
bool refusesBytes(int socket) {
  return ::send(socket, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN && errno != EINTR;
}

Relay::Relay(int socket, int input, int output, double lingerMs, const Event& stop, const AtRest* atRest)
    : up_(Stream(input), Stream(socket)),
      down_(up_.sink, Stream(output)),
      lingerMs_(lingerMs),
      stop_(stop),
      isVsock_(isVsock(socket)),
      atRest_(atRest),
      restsFrom_(atRest != nullptr ? after(atRest->afterMs) : never) {
  // Only this process has the socket, and splice respects only this flag.
  fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK);
}

RelayResult Relay::run() {
  for (unsigned round = 1;; ++round) {
    const bool sent = send();
    const bool received = receive();
    if (const auto end = over()) return {up_.moved, down_.moved, *end};
    if (!sent && !received) {
      if (atRest_ != nullptr && idle() && Clock::now() >= restsFrom_) std::exchange(atRest_, nullptr)->action();
      wait(deadline());
    } else if (round % roundsPerPoll == 0) {
      wait({});  // without blocking
    }
  }
}

bool Relay::send() {
  bool any = false;
  for (int turn = 0; turn < turns; ++turn) {
    if (upState_ != Up::open || up_.waitsFor != WaitsFor::nothing || left_ == 0) break;
    switch (up_.step(left_)) {
      case Step::moved:
        any = true;
        if (left_ != unlimited) left_ -= up_.last;
        noteMove();
        break;
      case Step::blocked:
        if (left_ != unlimited && up_.waitsFor == WaitsFor::source) left_ = 0;  // somebody else took them
        break;
      case Step::ended:
        inputEnded();
        break;
      case Step::sourceFailed:
        // A terminal that hung up, or a socket whose other end was closed with unread bytes.
        if (up_.error != EIO && up_.error != ECONNRESET) throw Failure{up_.error, "read", {}};
        inputEnded();
        break;
      case Step::sinkFailed:
        if (up_.error == ENOMEM || up_.error == ENOBUFS) throw Failure{up_.error, "send", {}};
        upState_ = Up::refused;  // what the peer sent before must still be delivered
        break;
    }
  }
  return any;
}

bool Relay::receive() {
  bool any = false;
  for (int turn = 0; turn < turns; ++turn) {
    if (downState_ != Down::open || down_.waitsFor != WaitsFor::nothing || outputGone_) break;
    switch (down_.step(unlimited)) {
      case Step::moved:
        any = true;
        noteMove();
        break;
      case Step::blocked:
        break;
      case Step::ended:
        peerEnded();
        break;
      case Step::sourceFailed:
        down_.error = receiveError(down_.source.fd, down_.error);
        if (down_.error == 0) {
          peerEnded();
        } else {
          peerFailed();
        }
        break;
      case Step::sinkFailed:
        outputFailed();
        break;
    }
  }
  return any;
}

std::optional<RelayEnd> Relay::over() const {
  if (outputGone_) {
    const bool sending = upState_ == Up::open && left_ > 0 && Clock::now() < deadline();
    return sending ? std::nullopt : std::optional(RelayEnd::output);
  }
  const bool patient = lingers() && Clock::now() < deadline();
  if (downState_ == Down::failed && !patient) throw Failure{down_.error, "recv", {}};
  if (downState_ == Down::ended) {
    if (upState_ == Up::refused && up_.error != EPIPE) throw Failure{up_.error, "send", {}};
    if (upState_ != Up::open || peerGone_) return RelayEnd::peer;
  }
  return lingers() && !patient ? std::optional(RelayEnd::linger) : std::nullopt;
}

// Whether it is as at the start: a direction that waits for its source holds no bytes.
bool Relay::idle() const {
  return upState_ == Up::open && downState_ == Down::open && !outputGone_ && up_.waitsFor == WaitsFor::source &&
         down_.waitsFor == WaitsFor::source;
}

Clock::time_point Relay::deadline() const {
  if (atRest_ != nullptr && idle()) return restsFrom_;
  if (outputGone_) return after(lingerMs_ < 0 ? drainPatience : lingerMs_, lastMove_);
  if (lingers()) return after(lingerMs_, lastMove_);
  // AF_VSOCK has no event for a peer that closes after its half-close.
  if (isVsock_ && downState_ == Down::ended) return after(probeInterval);
  return never;
}

void Relay::wait(Clock::time_point until) {
  enum { input, socket, output, stop };
  pollfd set[] = {{-1, 0, 0}, {-1, 0, 0}, {-1, 0, 0}, {stop_.fd(), POLLIN, 0}};
  const auto watch = [&set](int which, int fd, int events) { set[which] = {fd, static_cast<short>(events), 0}; };

  // A descriptor that hung up wakes poll forever, so it is watched only if that changes something.
  if (upState_ == Up::open && up_.waitsFor == WaitsFor::source) watch(input, up_.source.fd, POLLIN);
  if (upState_ == Up::refused && !inputEnded_) watch(input, up_.source.fd, POLLRDHUP);
  const bool sends = upState_ == Up::open && up_.waitsFor == WaitsFor::sink;
  const bool receives = downState_ == Down::open && down_.waitsFor == WaitsFor::source && !outputGone_;
  if (sends || receives || downState_ == Down::ended) {
    watch(socket, up_.sink.fd, (sends ? POLLOUT : 0) | (receives ? POLLIN : 0));
  }
  if (downState_ != Down::ended && !outputGone_) {
    watch(output, down_.sink.fd, down_.waitsFor == WaitsFor::sink ? POLLOUT : 0);
  }
  if (poll(set, std::size(set), millisecondsUntil(until)) < 0 && errno != EINTR) throw Failure::last("poll");

  if (set[stop].revents != 0) throw Failure{ECANCELED, "relay", {}};
  if (set[input].revents != 0) {
    if (upState_ == Up::open) up_.waitsFor = WaitsFor::nothing;
    if (upState_ == Up::refused) inputEnded();
  }
  if (sends && (set[socket].revents & (POLLOUT | broken))) up_.waitsFor = WaitsFor::nothing;
  if (receives && (set[socket].revents & (POLLIN | broken))) down_.waitsFor = WaitsFor::nothing;
  if (downState_ == Down::ended) {
    peerGone_ = (set[socket].revents & broken) != 0 || (isVsock_ && refusesBytes(up_.sink.fd));
  }
  if (set[output].revents & broken) {
    outputGone();
  } else if (set[output].revents != 0) {
    down_.waitsFor = WaitsFor::nothing;
  }
}

void Relay::inputEnded() {
  if (upState_ == Up::open) {
    shutdown(up_.sink.fd, SHUT_WR);
    upState_ = Up::ended;
  }
  inputEnded_ = true;
  noteMove();
}

void Relay::peerEnded() {
  downState_ = Down::ended;
  down_.sink.end();
  peerGone_ = refusesBytes(down_.source.fd);
}

// A caller that exits closes its input first: then a broken connection is not reported to it.
void Relay::peerFailed() {
  downState_ = Down::failed;
  if (down_.sink.ready(0)) outputGone();
}

void Relay::outputFailed() {
  const int error = down_.error;
  if (error != EPIPE && error != ECONNRESET && error != ENOTCONN && error != EIO) throw Failure{error, "write", {}};
  outputGone();
}

// What input had accepted when the reader went away is still sent, but no more: input may never end.
void Relay::outputGone() {
  outputGone_ = true;
  left_ = up_.held() + up_.source.accepted();
  noteMove();
}

bool Relay::lingers() const {
  const bool silent = downState_ == Down::open && down_.waitsFor == WaitsFor::source;
  return inputEnded_ && lingerMs_ >= 0 && (silent || downState_ == Down::failed);
}

void Relay::noteMove() {
  if (inputEnded_ || outputGone_) lastMove_ = Clock::now();
}

}  // namespace

RelayResult runRelay(const Socket& socket, int input, int output, double lingerMs, const Event& stop,
                     const AtRest* atRest) {
  return Relay(socket.fd(), input, output, lingerMs, stop, atRest).run();
}

}  // namespace hvsock
