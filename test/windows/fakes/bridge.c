// bridge.exe PROGRAM ARGUMENTS...
//
// Starts a program with the pipes that Win32-OpenSSH gives a ProxyCommand: unidirectional, overlapped, in byte mode, with
// buffers of 4 KiB. Carries bytes between them and its own stdin, stdout and stderr, which under Wine are Unix
// descriptors that node.exe cannot open. Ends with the program's exit code.
//
// BRIDGE_INJECT: a DLL that the program gets before it starts.
// BRIDGE_LIKE_SSH: closes the program's stdin once its stdout has ended, as ssh does. (Our own stdout cannot end before we
//   do: under Wine a process keeps its Unix descriptors.)
// BRIDGE_HOME: the program's USERPROFILE, which Wine sets by itself.
// BRIDGE_PIPES=anonymous: the pipes of cmd.exe instead, which know no overlapped calls.
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER = 4096 };

static void fail(const char* what) {
  fprintf(stderr, "bridge: %s failed with %lu\n", what, GetLastError());
  ExitProcess(125);
}

struct Pipe {
  HANDLE reader;
  HANDLE writer;
};

static struct Pipe named_pipe(void) {
  static int count;
  char name[MAX_PATH];
  SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
  struct Pipe pipe;
  sprintf(name, "\\\\.\\pipe\\bridge.%08lx.%08x", GetCurrentProcessId(), count++);
  pipe.reader = CreateNamedPipeA(name, PIPE_ACCESS_INBOUND | FILE_FLAG_OVERLAPPED,
                                 PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT, 1, BUFFER, BUFFER, 0, &inherit);
  if (pipe.reader == INVALID_HANDLE_VALUE) fail("CreateNamedPipe");
  pipe.writer = CreateFileA(name, GENERIC_WRITE, 0, &inherit, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
  if (pipe.writer == INVALID_HANDLE_VALUE) fail("CreateFile");
  return pipe;
}

static struct Pipe open_pipe(void) {
  const char* kind = getenv("BRIDGE_PIPES");
  SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
  struct Pipe pipe;
  if (kind == NULL || strcmp(kind, "anonymous") != 0) return named_pipe();
  if (!CreatePipe(&pipe.reader, &pipe.writer, &inherit, BUFFER)) fail("CreatePipe");
  return pipe;
}

// Reads or writes once, on a handle of either kind. FALSE at the pipe's end.
static BOOL transfer(HANDLE handle, char* bytes, DWORD length, DWORD* moved, BOOL writes) {
  OVERLAPPED overlapped = {0};
  BOOL result;
  overlapped.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
  result = writes ? WriteFile(handle, bytes, length, NULL, &overlapped) : ReadFile(handle, bytes, length, NULL, &overlapped);
  if (result || GetLastError() == ERROR_IO_PENDING) result = GetOverlappedResult(handle, &overlapped, moved, TRUE);
  CloseHandle(overlapped.hEvent);
  return result;
}

// Carries bytes from one of our own handles to the child's pipe, then closes it.
static DWORD WINAPI carry_in(void* writer) {
  static char bytes[65536];
  DWORD length, written;
  HANDLE from = GetStdHandle(STD_INPUT_HANDLE);
  while (ReadFile(from, bytes, sizeof bytes, &length, NULL) && length > 0) {
    for (DWORD at = 0; at < length; at += written) {
      if (!transfer(writer, bytes + at, length - at, &written, TRUE)) return 1;
    }
  }
  CloseHandle(writer);
  return 0;
}

struct Out {
  HANDLE reader;
  DWORD name;
  HANDLE closes;  // once the reader has ended
};

// Carries bytes from the child's pipe to one of our own handles, then closes that.
static DWORD WINAPI carry_out(void* data) {
  struct Out* out = data;
  char* bytes = malloc(65536);
  DWORD length, written;
  HANDLE to = GetStdHandle(out->name);
  while (transfer(out->reader, bytes, 65536, &length, FALSE)) {
    for (DWORD at = 0; at < length; at += written) {
      if (!WriteFile(to, bytes + at, length - at, &written, NULL)) {
        CloseHandle(out->reader);  // our reader is gone: the child finds out
        return 1;
      }
    }
  }
  CloseHandle(to);
  if (out->closes) CloseHandle(out->closes);
  return 0;
}

// Our own command line without our own name: quoted as it has to be, and in any script.
static WCHAR* rest_of_line(void) {
  WCHAR* line = GetCommandLineW();
  const WCHAR end = *line == '"' ? '"' : ' ';
  for (line++; *line && *line != end; line++) {
  }
  if (*line == '"') line++;
  while (*line == ' ') line++;
  return line;
}

static void inject(HANDLE process, const char* dll) {
  void* name = VirtualAllocEx(process, NULL, 4096, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
  LPTHREAD_START_ROUTINE load = (LPTHREAD_START_ROUTINE)(void*)GetProcAddress(GetModuleHandleA("kernel32"), "LoadLibraryA");
  HANDLE thread;
  DWORD loaded = 0;
  if (!WriteProcessMemory(process, name, dll, strlen(dll) + 1, NULL)) fail("WriteProcessMemory");
  thread = CreateRemoteThread(process, NULL, 0, load, name, 0, NULL);
  if (thread == NULL) fail("CreateRemoteThread");
  WaitForSingleObject(thread, 20000);
  GetExitCodeThread(thread, &loaded);
  if (!loaded) fail("LoadLibrary in the program");
}

int main(void) {
  WCHAR* line = rest_of_line();
  struct Pipe in = open_pipe(), out = open_pipe(), err = open_pipe();
  HANDLE closes = getenv("BRIDGE_LIKE_SSH") ? in.writer : NULL;
  struct Out outs[2] = {{out.reader, STD_OUTPUT_HANDLE, closes}, {err.reader, STD_ERROR_HANDLE, NULL}};
  HANDLE carriers[2];
  STARTUPINFOW startup = {0};
  PROCESS_INFORMATION child;
  const char* dll = getenv("BRIDGE_INJECT");
  const WCHAR* home = _wgetenv(L"BRIDGE_HOME");
  DWORD code = 125;

  if (home) SetEnvironmentVariableW(L"USERPROFILE", home);
  SetHandleInformation(in.writer, HANDLE_FLAG_INHERIT, 0);
  SetHandleInformation(out.reader, HANDLE_FLAG_INHERIT, 0);
  SetHandleInformation(err.reader, HANDLE_FLAG_INHERIT, 0);
  // The program must not keep our own ends open.
  SetHandleInformation(GetStdHandle(STD_INPUT_HANDLE), HANDLE_FLAG_INHERIT, 0);
  SetHandleInformation(GetStdHandle(STD_OUTPUT_HANDLE), HANDLE_FLAG_INHERIT, 0);
  SetHandleInformation(GetStdHandle(STD_ERROR_HANDLE), HANDLE_FLAG_INHERIT, 0);
  startup.cb = sizeof startup;
  startup.dwFlags = STARTF_USESTDHANDLES;
  startup.hStdInput = in.reader;
  startup.hStdOutput = out.writer;
  startup.hStdError = err.writer;
  if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, dll ? CREATE_SUSPENDED : 0, NULL, NULL, &startup, &child)) {
    fail("CreateProcess");
  }
  if (dll) {
    inject(child.hProcess, dll);
    ResumeThread(child.hThread);
  }
  CloseHandle(in.reader);
  CloseHandle(out.writer);
  CloseHandle(err.writer);
  CreateThread(NULL, 0, carry_in, in.writer, 0, NULL);
  for (int i = 0; i < 2; i++) carriers[i] = CreateThread(NULL, 0, carry_out, &outs[i], 0, NULL);
  WaitForSingleObject(child.hProcess, INFINITE);
  WaitForMultipleObjects(2, carriers, TRUE, 10000);
  GetExitCodeProcess(child.hProcess, &code);
  ExitProcess(code);
}
