#include "relay_linux.h"

#include <sys/socket.h>

#include <cerrno>

#include "../system/failure.h"

namespace hvsock {
namespace {

constexpr int turns = 8;  // for one direction, then it is the other's turn

// A terminal has EIO once it hung up. A file's EIO is a failing disk, and then bytes are missing.
bool hungUp(const Stream& end, int error) { return error == EIO && end.kind == Stream::Kind::terminal; }

}  // namespace

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
