#include <winsock2.h>
// needs winsock2.h from above
#include <ws2tcpip.h>

#include "../../src/stream/socket_win32.h"
#include "../../src/system/threads.h"
#include "../natives/of_system.h"
#include "handles.h"

namespace engine::sockets {
namespace {

constexpr DWORD capacity = 64 * 1024;

std::wstring pipeName() {
  constexpr wchar_t digits[] = L"0123456789abcdef";
  std::wstring name = LR"(\\.\pipe\vmssh-)";
  for (const char byte : system::randomBytes(16)) {
    name += digits[static_cast<unsigned char>(byte) >> 4];
    name += digits[static_cast<unsigned char>(byte) & 15];
  }
  return name;
}

// Ours is for overlapped calls, a child's for those of any program.
struct Pipe {
  HANDLE ours;
  HANDLE theirs;
};

Pipe newPipe() {
  const std::wstring name = pipeName();
  constexpr DWORD how = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE;
  constexpr DWORD kind = PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS;
  const HANDLE ours = CreateNamedPipeW(name.c_str(), how, kind, 1, capacity, capacity, 0, nullptr);
  if (ours == INVALID_HANDLE_VALUE) throw lastFailure("pipe");
  const HANDLE theirs =
      CreateFileW(name.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr, OPEN_EXISTING, 0, nullptr);
  if (theirs == INVALID_HANDLE_VALUE) {
    const SystemFailure failure = lastFailure("pipe");
    CloseHandle(ours);
    throw failure;
  }
  return {ours, theirs};
}

std::string addressesOf(const std::wstring& name) {
  addrinfoW hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfoW* found = nullptr;
  if (GetAddrInfoW(name.c_str(), nullptr, &hints, &found) != 0) return {};
  std::string lines;
  for (const addrinfoW* each = found; each != nullptr; each = each->ai_next) {
    wchar_t text[64];
    const auto length = static_cast<DWORD>(each->ai_addrlen);
    if (GetNameInfoW(each->ai_addr, static_cast<int>(length), text, 64, nullptr, 0, NI_NUMERICHOST) != 0) continue;
    lines += narrow(text) + "\n";
  }
  FreeAddrInfoW(found);
  return lines;
}

}  // namespace

// Unix sockets are the addon's.
int connect(const std::string& path) { throw SystemFailure{ERROR_CALL_NOT_IMPLEMENTED, "connect", path}; }
int listen(const std::string& path) { throw SystemFailure{ERROR_CALL_NOT_IMPLEMENTED, "listen", path}; }
int accept(int) { throw SystemFailure{ERROR_CALL_NOT_IMPLEMENTED, "accept"}; }

std::pair<int, int> pair() {
  const Pipe pipe = newPipe();
  const int ours = addHandle(pipe.ours);
  return {ours, addHandle(pipe.theirs)};
}

// A pipe ends when it is closed: there is no half of it.
void shutdownWriting(int) {}

bool isIPv4(const std::string& text) {
  in_addr address;
  return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

bool isIPv6(const std::string& text) {
  in6_addr address;
  return inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

// The system takes its time, on a thread of its own.
int lookup(const std::string& host) {
  const std::wstring name = wide(host);
  hvsock::startWinsock();
  const Pipe pipe = newPipe();
  hvsock::Thread::detached([name, theirs = pipe.theirs] {
    const std::string lines = addressesOf(name);
    DWORD written = 0;
    WriteFile(theirs, lines.data(), static_cast<DWORD>(lines.size()), &written, nullptr);
    CloseHandle(theirs);
  });
  return addHandle(pipe.ours);
}

}  // namespace engine::sockets
