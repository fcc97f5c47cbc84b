// winsock.dll: AF_HYPERV and AF_UNIX for a system that has none. Injected into an unmodified program before it starts, it
// takes the place of some functions of ws2_32.dll for every DLL that is loaded later, such as the addon. A socket of these
// families is checked as the real provider would, and then is a TCP socket to a port of 127.0.0.1. One that listens has any
// free port, which is written to the log: "listening 45678".
//
// FAKE_HV_PORT     the TCP port that all addresses lead to
// FAKE_HV_LOG      a file that every call is written to, one line each
// FAKE_HV_SOCKET   a WSA code that socket() fails with
// FAKE_HV_CONNECT  WSA codes that one connect() after the other fails with, "10049,10060,0": 0 is none, the last one stays
// FAKE_HV_DELAY    milliseconds that connect() takes
// FAKE_HV_SHORT    the most bytes that one send takes
// FAKE_HV_BIND     a WSA code that bind() fails with
// FAKE_HV_STRANGER the number of the connection, from 1, that is of another machine than the one that was bound
#include <winsock2.h>
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>

enum { AF_HYPERV = 34, HV_PROTOCOL_RAW = 1, UNIX_LENGTH = 110, MOST = 1024 };

static SOCKET sockets[MOST];
static int families[MOST];
static unsigned char addresses[MOST][36];  // what a listener was bound to, and whose a connection is that it took
static volatile LONG count;
static volatile LONG connects;
static volatile LONG accepts;

static int number(const char* name) {
  const char* text = getenv(name);
  return text ? atoi(text) : 0;
}

// -1 if the socket is none of ours.
static LONG slot_of(SOCKET socket) {
  for (LONG i = min(count, MOST) - 1; i >= 0; i--) {
    if (sockets[i] == socket) return i;
  }
  return -1;
}

// 0 if the socket is none of ours.
static int family_of(SOCKET socket) {
  const LONG slot = slot_of(socket);
  return slot < 0 ? 0 : families[slot];
}

// The number of a closed socket may be used again, also for one of another family: it is no longer ours then.
static void forget(SOCKET socket) {
  for (LONG i = min(count, MOST) - 1; i >= 0; i--) {
    if (sockets[i] == socket) sockets[i] = INVALID_SOCKET;
  }
}

static LONG remember(SOCKET socket, int family) {
  const LONG slot = (InterlockedIncrement(&count) - 1) % MOST;
  forget(socket);
  families[slot] = family;
  sockets[slot] = socket;
  return slot;
}

static BOOL is_ours(SOCKET socket) { return family_of(socket) != 0; }

static void note(const char* text, const unsigned char* bytes, int length) {
  const char* path = getenv("FAKE_HV_LOG");
  FILE* file = path ? fopen(path, "ab") : NULL;
  if (!file) return;
  fputs(text, file);
  for (int i = 0; i < length; i++) fprintf(file, "%02x", bytes[i]);
  fputc('\n', file);
  fclose(file);
}

static int fail(int code) {
  WSASetLastError(code);
  return SOCKET_ERROR;
}

static SOCKET WSAAPI fake_socket(int family, int type, int protocol) {
  char text[64];
  SOCKET socket;
  if (family != AF_HYPERV && family != AF_UNIX) {
    socket = WSASocketW(family, type, protocol, NULL, 0, WSA_FLAG_OVERLAPPED);
    forget(socket);
    return socket;
  }
  sprintf(text, "socket %d %d %d", family, type, protocol);
  note(text, NULL, 0);
  if (number("FAKE_HV_SOCKET")) return fail(number("FAKE_HV_SOCKET"));
  if (type != SOCK_STREAM) return fail(WSAESOCKTNOSUPPORT);
  if (protocol != (family == AF_HYPERV ? HV_PROTOCOL_RAW : 0)) return fail(WSAEPROTONOSUPPORT);
  socket = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
  remember(socket, family);
  return socket;
}

static int(WSAAPI* real_setsockopt)(SOCKET, int, int, const char*, int);

static int WSAAPI fake_setsockopt(SOCKET socket, int level, int option, const char* value, int length) {
  char text[64];
  if (!is_ours(socket)) return real_setsockopt(socket, level, option, value, length);
  sprintf(text, "setsockopt %d %d ", level, option);
  note(text, (const unsigned char*)value, length);
  return family_of(socket) == AF_HYPERV && level == HV_PROTOCOL_RAW && length == 4 ? 0 : fail(WSAENOPROTOOPT);
}

// The code for the n-th connect, from 0.
static int connect_code(LONG n) {
  const char* text = getenv("FAKE_HV_CONNECT");
  if (!text) return 0;
  for (; n > 0 && strchr(text, ','); n--) text = strchr(text, ',') + 1;
  return atoi(text);
}

static int WSAAPI fake_connect(SOCKET socket, const struct sockaddr* address, int length) {
  const unsigned char* bytes = (const unsigned char*)address;
  struct sockaddr_in to = {0};
  int code;
  if (!is_ours(socket)) return WSAConnect(socket, address, length, NULL, NULL, NULL, NULL);
  note("connect ", bytes, length);
  if (number("FAKE_HV_DELAY")) Sleep(number("FAKE_HV_DELAY"));
  if (address->sa_family != family_of(socket)) return fail(WSAEAFNOSUPPORT);
  if (address->sa_family == AF_UNIX && length != UNIX_LENGTH) return fail(WSAEFAULT);
  if (address->sa_family == AF_HYPERV && (length != 36 || bytes[2] != 0 || bytes[3] != 0)) return fail(WSAEFAULT);
  code = connect_code(InterlockedIncrement(&connects) - 1);
  if (code) return fail(code);
  to.sin_family = AF_INET;
  to.sin_port = htons((u_short)number("FAKE_HV_PORT"));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return WSAConnect(socket, (struct sockaddr*)&to, sizeof to, NULL, NULL, NULL, NULL);
}

static int(WSAAPI* real_bind)(SOCKET, const struct sockaddr*, int);

static int WSAAPI fake_bind(SOCKET socket, const struct sockaddr* address, int length) {
  const LONG slot = slot_of(socket);
  struct sockaddr_in to = {0};
  int size = sizeof to;
  char text[32];
  if (slot < 0) return real_bind(socket, address, length);
  note("bind ", (const unsigned char*)address, length);
  if (number("FAKE_HV_BIND")) return fail(number("FAKE_HV_BIND"));
  if (families[slot] != AF_HYPERV || address->sa_family != AF_HYPERV) return fail(WSAEAFNOSUPPORT);
  if (length != sizeof addresses[slot]) return fail(WSAEFAULT);
  memcpy(addresses[slot], address, length);
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (real_bind(socket, (struct sockaddr*)&to, sizeof to) != 0) return SOCKET_ERROR;
  if (getsockname(socket, (struct sockaddr*)&to, &size) != 0) return SOCKET_ERROR;
  sprintf(text, "listening %d", ntohs(to.sin_port));
  note(text, NULL, 0);
  return 0;
}

// Gives an address of a machine to whoever asked for one.
static void tell(LONG slot, struct sockaddr* address, int* length) {
  if (!address) return;
  memset(address, 0, *length);
  memcpy(address, addresses[slot], min(*length, (int)sizeof addresses[slot]));
  *length = sizeof addresses[slot];
}

static SOCKET(WSAAPI* real_accept)(SOCKET, struct sockaddr*, int*);

static SOCKET WSAAPI fake_accept(SOCKET socket, struct sockaddr* address, int* length) {
  const LONG listener = slot_of(socket);
  LONG slot;
  SOCKET client;
  if (listener < 0) {
    client = real_accept(socket, address, length);
    if (client != INVALID_SOCKET) forget(client);
    return client;
  }
  client = real_accept(socket, NULL, NULL);
  if (client == INVALID_SOCKET) return client;
  slot = remember(client, AF_HYPERV);
  memcpy(addresses[slot], addresses[listener], sizeof addresses[slot]);
  if (InterlockedIncrement(&accepts) == number("FAKE_HV_STRANGER")) addresses[slot][4] ^= 0xff;  // the first byte of VmId
  note("accept ", addresses[slot], sizeof addresses[slot]);
  tell(slot, address, length);
  return client;
}

static int(WSAAPI* real_getpeername)(SOCKET, struct sockaddr*, int*);

static int WSAAPI fake_getpeername(SOCKET socket, struct sockaddr* address, int* length) {
  const LONG slot = slot_of(socket);
  if (slot < 0 || families[slot] != AF_HYPERV) return real_getpeername(socket, address, length);
  tell(slot, address, length);
  return 0;
}

static int(WSAAPI* real_WSASend)(SOCKET, LPWSABUF, DWORD, LPDWORD, DWORD, LPWSAOVERLAPPED, LPWSAOVERLAPPED_COMPLETION_ROUTINE);

static int WSAAPI fake_WSASend(SOCKET socket, LPWSABUF buffers, DWORD number_of_buffers, LPDWORD sent, DWORD flags,
                               LPWSAOVERLAPPED overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  ULONG most = (ULONG)number("FAKE_HV_SHORT");
  WSABUF first = buffers[0];
  if (!is_ours(socket) || most == 0 || first.len <= most) {
    return real_WSASend(socket, buffers, number_of_buffers, sent, flags, overlapped, routine);
  }
  first.len = most;
  return real_WSASend(socket, &first, 1, sent, flags, overlapped, routine);
}

static int(WSAAPI* real_shutdown)(SOCKET, int);

static int WSAAPI fake_shutdown(SOCKET socket, int how) {
  char text[32];
  if (is_ours(socket)) {
    sprintf(text, "shutdown %d", how);
    note(text, NULL, 0);
  }
  return real_shutdown(socket, how);
}

// Space for code within 32 bits of ws2_32.dll: an export table holds distances from the DLL's start.
static BYTE* space_behind(BYTE* dll, IMAGE_NT_HEADERS* headers) {
  const ULONG_PTR grain = 0x10000;
  BYTE* at = (BYTE*)(((ULONG_PTR)dll + headers->OptionalHeader.SizeOfImage + grain - 1) & ~(grain - 1));
  for (; at < dll + 0x70000000; at += grain) {
    BYTE* space = VirtualAlloc(at, 4096, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE);
    if (space) return space;
  }
  return NULL;
}

// Makes the export `name` lead to `function`, and gives what it led to before.
static void* redirect(const char* name, void* function) {
  BYTE* dll = (BYTE*)LoadLibraryA("ws2_32.dll");
  IMAGE_NT_HEADERS* headers = (IMAGE_NT_HEADERS*)(dll + ((IMAGE_DOS_HEADER*)dll)->e_lfanew);
  IMAGE_EXPORT_DIRECTORY* table = (IMAGE_EXPORT_DIRECTORY*)(dll + headers->OptionalHeader.DataDirectory[0].VirtualAddress);
  DWORD* names = (DWORD*)(dll + table->AddressOfNames);
  DWORD* functions = (DWORD*)(dll + table->AddressOfFunctions);
  WORD* ordinals = (WORD*)(dll + table->AddressOfNameOrdinals);
  void* before = (void*)GetProcAddress((HMODULE)dll, name);
  BYTE* jump = space_behind(dll, headers);
  DWORD protection;
  jump[0] = 0x48;  // mov rax, function
  jump[1] = 0xb8;
  memcpy(jump + 2, &function, sizeof function);
  jump[10] = 0xff;  // jmp rax
  jump[11] = 0xe0;
  for (DWORD i = 0; i < table->NumberOfNames; i++) {
    DWORD* entry = &functions[ordinals[i]];
    if (strcmp((const char*)dll + names[i], name) != 0) continue;
    VirtualProtect(entry, sizeof *entry, PAGE_READWRITE, &protection);
    *entry = (DWORD)(jump - dll);
    VirtualProtect(entry, sizeof *entry, protection, &protection);
  }
  return before;
}

BOOL WINAPI DllMain(HINSTANCE self, DWORD reason, void* reserved) {
  (void)self;
  (void)reserved;
  if (reason != DLL_PROCESS_ATTACH) return TRUE;
  redirect("socket", (void*)fake_socket);
  redirect("connect", (void*)fake_connect);
  real_setsockopt = redirect("setsockopt", (void*)fake_setsockopt);
  real_bind = redirect("bind", (void*)fake_bind);
  real_accept = redirect("accept", (void*)fake_accept);
  real_getpeername = redirect("getpeername", (void*)fake_getpeername);
  real_WSASend = redirect("WSASend", (void*)fake_WSASend);
  real_shutdown = redirect("shutdown", (void*)fake_shutdown);
  return TRUE;
}
