#include <winsock2.h>
// needs winsock2.h from above
#include <ws2tcpip.h>

#include "../../../src/stream/socket_win32.h"
#include "../../../src/system/thread.h"
#include "../../natives/modules.h"
#include "../handles/handles.h"
#include "../core/random.h"
#include "../core/text.h"

namespace engine {
namespace {

constexpr DWORD capacity = 64 * 1024;

// Unix sockets are the addon's.
JSValue connect(Call& call) { throw SystemFailure{ERROR_CALL_NOT_IMPLEMENTED, "connect", call.word(0)}; }
JSValue listen(Call& call) { throw SystemFailure{ERROR_CALL_NOT_IMPLEMENTED, "listen", call.word(0)}; }
JSValue accept(Call&) { throw SystemFailure{ERROR_CALL_NOT_IMPLEMENTED, "accept"}; }

std::wstring pipeName() {
  constexpr wchar_t digits[] = L"0123456789abcdef";
  std::wstring name = LR"(\\.\pipe\vmssh-)";
  for (const char byte : randomBytes(16)) {
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

// Both ends of a pipe.
JSValue pair(Call& call) {
  const Pipe pipe = newPipe();
  Value array(call.js, checked(JS_NewArray(call.js)));
  append(call.js, array.get(), 0, JS_NewInt32(call.js, addHandle(pipe.ours)));
  append(call.js, array.get(), 1, JS_NewInt32(call.js, addHandle(pipe.theirs)));
  return array.release();
}

// A pipe ends when it is closed: there is no half of it.
JSValue shutdownWriting(Call&) { return JS_UNDEFINED; }

// 4 or 6 for the text of an address, else 0.
JSValue isIP(Call& call) {
  const std::string text = call.text(0);
  unsigned char address[16];
  const bool plain = text.find('\0') == std::string::npos;
  if (plain && inet_pton(AF_INET, text.c_str(), address) == 1) return JS_NewInt32(call.js, 4);
  const std::size_t percent = text.find('%');
  const bool scoped = percent == std::string::npos || percent + 1 < text.size();
  const bool six = plain && scoped && inet_pton(AF_INET6, text.substr(0, percent).c_str(), address) == 1;
  return JS_NewInt32(call.js, six ? 6 : 0);
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

// A descriptor from which to read the addresses of a name: the system takes its time, on a thread of its own.
JSValue lookup(Call& call) {
  const std::wstring name = wide(call.word(0));
  hvsock::startWinsock();
  const Pipe pipe = newPipe();
  hvsock::Thread::detached([name, theirs = pipe.theirs] {
    const std::string lines = addressesOf(name);
    DWORD written = 0;
    WriteFile(theirs, lines.data(), static_cast<DWORD>(lines.size()), &written, nullptr);
    CloseHandle(theirs);
  });
  return JS_NewInt32(call.js, addHandle(pipe.ours));
}

constexpr Native functions[] = {
    {"connect", native<connect>},
    {"listen", native<listen>},
    {"accept", native<accept>},
    {"pair", native<pair>},
    {"shutdownWriting", native<shutdownWriting>},
    {"isIP", native<isIP>},
    {"lookup", native<lookup>},
};

}  // namespace

const NativeModule socketsModule = nativeModule("engine:sockets", functions);

}  // namespace engine
