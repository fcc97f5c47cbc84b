#include "relay_linux.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "../system/failure.h"
#include "relay.h"

namespace hvsock {
namespace {

constexpr unsigned roundsPerPoll = 16;  // while bytes move: how often to poll for everything else
constexpr double drainPatience = 5000;  // milliseconds without a byte, if lingerMs sets no limit
constexpr double probeInterval = 1000;  // milliseconds
constexpr short broken = POLLERR | POLLHUP | POLLNVAL;

bool isVsock(int socket) {
  int family = 0;
  socklen_t size = sizeof family;
  return getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size) == 0 && family == AF_VSOCK;
}

std::optional<Multiplexer> multiplexerOf(const Socket& socket, const std::optional<SocketAddress>& address) {
  if (!address) return std::nullopt;
  return std::optional<Multiplexer>(std::in_place, socket.fd(), *address);
}

constexpr int turns = 8;  // for one direction, then it is the other's turn

// A terminal has EIO once it hung up. A file's EIO is a failing disk, and then bytes are missing.
bool hungUp(const Stream& end, int error) { return error == EIO && end.kind == Stream::Kind::terminal; }

}  // namespace

Relay::Relay(int socket, int input, const Stream& output, double lingerMs, const Event& stop,
             const Multiplexer* multiplexer, const AtRest* atRest)
    : up_(Stream(input), Stream(socket)),
      down_(up_.sink, output),
      lingerMs_(lingerMs),
      stop_(stop),
      isVsock_(isVsock(socket)),
      multiplexer_(multiplexer),
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
      if (atRest_ != nullptr && idle() && Clock::now() >= restsFrom_) std::exchange(atRest_, nullptr)->action(multiplexer_ != nullptr ? multiplexer_->file() : -1);
      wait(deadline());
    } else if (round % roundsPerPoll == 0) {
      wait({});  // without blocking
    }
  }
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
    peerGone_ = (set[socket].revents & broken) != 0 || (isVsock_ && peerRefusesBytes());
  }
  if (set[output].revents & broken) {
    outputGone();
  } else if (set[output].revents != 0) {
    down_.waitsFor = WaitsFor::nothing;
  }
}

bool Relay::lingers() const {
  const bool silent = downState_ == Down::open && down_.waitsFor == WaitsFor::source;
  return inputEnded_ && lingerMs_ >= 0 && (silent || downState_ == Down::failed);
}

RelayResult runRelay(const Socket& socket, int input, int output, double lingerMs, const Event& stop,
                     const std::optional<SocketAddress>& multiplexer, const AtRest* atRest) {
  const auto peer = multiplexerOf(socket, multiplexer);
  return Relay(socket.fd(), input, Stream(output), lingerMs, stop, peer ? &*peer : nullptr, atRest).run();
}

RelayResult runRelay(const Socket& socket, const Socket& other, const Event& stop,
                     const std::optional<SocketAddress>& multiplexer) {
  const auto peer = multiplexerOf(socket, multiplexer);
  return Relay(socket.fd(), other.fd(), Stream(other.fd()), -1, stop, peer ? &*peer : nullptr, nullptr).run();
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
        if (!hungUp(up_.source, up_.error) && up_.error != ECONNRESET) throw Failure{up_.error, "read", {}};
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

void Relay::inputEnded() {
  if (upState_ == Up::open) {
    shutdown(up_.sink.fd, SHUT_WR);
    upState_ = Up::ended;
  }
  inputEnded_ = true;
  noteMove();
}

void Relay::peerEnded() {
  if (multiplexer_ != nullptr && multiplexer_->isGone()) {
    down_.error = ECONNRESET;  // as AF_VSOCK has it for a machine that dies
    return peerFailed();
  }
  downState_ = Down::ended;
  down_.sink.end();
  peerGone_ = peerRefusesBytes();
}

// A caller that exits closes its input first: then a broken connection is not reported to it.
void Relay::peerFailed() {
  downState_ = Down::failed;
  if (down_.sink.ready(0)) outputGone();
}

void Relay::outputFailed() {
  const int error = down_.error;
  const bool isGone = error == EPIPE || error == ECONNRESET || error == ENOTCONN || hungUp(down_.sink, error);
  if (!isGone) throw Failure{error, "write", {}};
  outputGone();
}

// What input had accepted when the reader went away is still sent, but no more: input may never end.
void Relay::outputGone() {
  outputGone_ = true;
  left_ = up_.held() + up_.source.accepted();
  noteMove();
}

// Whether the peer has stopped reading. Consumes no bytes.
bool Relay::peerRefusesBytes() const {
  return ::send(up_.sink.fd, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN && errno != EINTR;
}

void Relay::noteMove() {
  if (inputEnded_ || outputGone_) lastMove_ = Clock::now();
}

}  // namespace hvsock
