#include "transfer_win32.h"

#include <algorithm>
#include <cstring>

namespace hvsock {
namespace {

constexpr int cancelPatience = 1000;             // milliseconds
constexpr std::size_t leastRoom = 64 * 1024;     // with less room a read is not worth it
constexpr std::size_t longestWrite = 1 << 20;    // the most that the system locks in memory at once

}  // namespace

OVERLAPPED& SocketChannel::fresh() {
  overlapped_ = {};
  overlapped_.hEvent = done_.handle();
  return overlapped_;
}

void SocketChannel::beginRead(char* to, std::size_t most) {
  WSABUF buffer{static_cast<ULONG>(most), to};
  DWORD flags = 0;
  reads_ = true;
  begun(WSARecv(socket_, &buffer, 1, nullptr, &flags, &fresh(), nullptr));
}

void SocketChannel::beginWrite(const char* from, std::size_t length) {
  WSABUF buffer{static_cast<ULONG>(std::min(length, longestWrite)), const_cast<char*>(from)};
  reads_ = false;
  begun(WSASend(socket_, &buffer, 1, nullptr, 0, &fresh(), nullptr));
}

void SocketChannel::begun(int result) {
  const int error = result == 0 ? 0 : WSAGetLastError();
  underWay_ = error == 0 || error == WSA_IO_PENDING;
  error_ = underWay_ ? 0 : error;
  if (!underWay_) done_.set();
}

Outcome SocketChannel::outcome() {
  if (!underWay_) return {Outcome::Kind::failed, 0, error_};
  DWORD length = 0;
  DWORD flags = 0;
  if (!WSAGetOverlappedResult(socket_, &overlapped_, &length, FALSE, &flags)) {
    const int error = WSAGetLastError();
    if (error == WSA_IO_INCOMPLETE) return {Outcome::Kind::pending};
    underWay_ = false;
    error_ = error;
    return {Outcome::Kind::failed, 0, error};
  }
  underWay_ = false;
  if (length == 0 && reads_) return {Outcome::Kind::ended};
  return {Outcome::Kind::moved, length};
}

bool SocketChannel::cancel() noexcept {
  if (!underWay_) return true;
  CancelIoEx(reinterpret_cast<HANDLE>(socket_), &overlapped_);
  return done_.wait(cancelPatience);
}

Intake::Intake(std::unique_ptr<Channel> channel)
    : channel_(std::move(channel)), storage_(new char[capacity]) {}

Intake::~Intake() {
  // If the system may still read or write there, it is kept until the process ends.
  if (pinned_) storage_.release();
  if (!reading_ || channel_->cancel()) return;
  storage_.release();
  channel_.release();
}

bool Intake::advance() {
  const bool any = collect();
  if (reading_ || ended_ || error_ != 0) return any;
  if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (begin_ > 0 && !pinned_) {
    std::memmove(storage_.get(), data(), size());
    end_ = size();
    begin_ = 0;
  }
  if (capacity - end_ < leastRoom) return any;
  channel_->beginRead(storage_.get() + end_, capacity - end_);
  reading_ = true;
  return collect() || any;
}

bool Intake::collect() {
  if (!reading_) return false;
  const Outcome outcome = channel_->outcome();
  if (outcome.kind == Outcome::Kind::pending) return false;
  reading_ = false;
  if (outcome.kind == Outcome::Kind::ended) ended_ = true;
  if (outcome.kind == Outcome::Kind::failed) error_ = outcome.error;
  end_ += outcome.length;
  return true;
}

}  // namespace hvsock
