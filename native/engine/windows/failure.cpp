#include "../core/call.h"

#include <winsock2.h>
// needs winsock2.h from above
#include <windows.h>

#include <algorithm>
#include <iterator>

namespace engine {
namespace {

// What libuv calls an error on Windows: https://github.com/libuv/libuv/blob/v1.x/include/uv/errno.h
struct Error {
  const char* code;
  int number;
  const char* words;
};

struct Known {
  DWORD code;
  Error error;
};

constexpr Error denied{"EACCES", -4092, "permission denied"};
constexpr Error badDescriptor{"EBADF", -4083, "bad file descriptor"};
constexpr Error busy{"EBUSY", -4082, "resource busy or locked"};
constexpr Error exists{"EEXIST", -4075, "file already exists"};
constexpr Error invalid{"EINVAL", -4071, "invalid argument"};
constexpr Error broken{"EIO", -4070, "i/o error"};
constexpr Error tooLong{"ENAMETOOLONG", -4064, "name too long"};
constexpr Error absent{"ENOENT", -4058, "no such file or directory"};
constexpr Error noMemory{"ENOMEM", -4057, "not enough memory"};
constexpr Error noSpace{"ENOSPC", -4055, "no space left on device"};
constexpr Error forbidden{"EPERM", -4048, "operation not permitted"};
constexpr Error pipe{"EPIPE", -4047, "broken pipe"};

constexpr Error unknown{"UNKNOWN", -4094, "unknown error"};

constexpr Known known[] = {
    {ERROR_NOACCESS, denied},
    {ERROR_CANT_ACCESS_FILE, denied},
    {WSAEACCES, denied},
    {WSAEWOULDBLOCK, {"EAGAIN", -4088, "resource temporarily unavailable"}},
    {ERROR_INVALID_FLAGS, badDescriptor},
    {ERROR_INVALID_HANDLE, badDescriptor},
    {ERROR_LOCK_VIOLATION, busy},
    {ERROR_PIPE_BUSY, busy},
    {ERROR_SHARING_VIOLATION, busy},
    {ERROR_OPERATION_ABORTED, {"ECANCELED", -4081, "operation canceled"}},
    {ERROR_ALREADY_EXISTS, exists},
    {ERROR_FILE_EXISTS, exists},
    {ERROR_INSUFFICIENT_BUFFER, invalid},
    {ERROR_INVALID_DATA, invalid},
    {ERROR_INVALID_PARAMETER, invalid},
    {ERROR_NOT_A_REPARSE_POINT, invalid},
    {ERROR_SYMLINK_NOT_SUPPORTED, invalid},
    {ERROR_CRC, broken},
    {ERROR_GEN_FAILURE, broken},
    {ERROR_IO_DEVICE, broken},
    {ERROR_READ_FAULT, broken},
    {ERROR_WRITE_FAULT, broken},
    {ERROR_INVALID_FUNCTION, {"EISDIR", -4068, "illegal operation on a directory"}},
    {ERROR_CANT_RESOLVE_FILENAME, {"ELOOP", -4067, "too many symbolic links encountered"}},
    {ERROR_TOO_MANY_OPEN_FILES, {"EMFILE", -4066, "too many open files"}},
    {ERROR_BUFFER_OVERFLOW, tooLong},
    {ERROR_FILENAME_EXCED_RANGE, tooLong},
    {ERROR_BAD_NETPATH, absent},
    {ERROR_BAD_NET_NAME, absent},
    {ERROR_BAD_PATHNAME, absent},
    {ERROR_FILE_NOT_FOUND, absent},
    {ERROR_INVALID_DRIVE, absent},
    {ERROR_INVALID_NAME, absent},
    {ERROR_INVALID_REPARSE_DATA, absent},
    {ERROR_MOD_NOT_FOUND, absent},
    {ERROR_PATH_NOT_FOUND, absent},
    {ERROR_NOT_ENOUGH_MEMORY, noMemory},
    {ERROR_OUTOFMEMORY, noMemory},
    {ERROR_DISK_FULL, noSpace},
    {ERROR_HANDLE_DISK_FULL, noSpace},
    {ERROR_CALL_NOT_IMPLEMENTED, {"ENOSYS", -4054, "function not implemented"}},
    {ERROR_DIRECTORY, {"ENOTDIR", -4052, "not a directory"}},
    {ERROR_DIR_NOT_EMPTY, {"ENOTEMPTY", -4051, "directory not empty"}},
    {ERROR_NOT_SUPPORTED, {"ENOTSUP", -4049, "operation not supported on socket"}},
    {ERROR_ACCESS_DENIED, forbidden},
    {ERROR_PRIVILEGE_NOT_HELD, forbidden},
    {ERROR_BAD_PIPE, pipe},
    {ERROR_BROKEN_PIPE, pipe},
    {ERROR_NO_DATA, pipe},
    {ERROR_PIPE_NOT_CONNECTED, pipe},
    {ERROR_WRITE_PROTECT, {"EROFS", -4043, "read-only file system"}},
    {ERROR_NOT_FOUND, {"ESRCH", -4040, "no such process"}},
    {ERROR_SEM_TIMEOUT, {"ETIMEDOUT", -4039, "connection timed out"}},
    {ERROR_NOT_SAME_DEVICE, {"EXDEV", -4037, "cross-device link not permitted"}},
    {ERROR_BAD_EXE_FORMAT, {"EFTYPE", -4028, "inappropriate file type or format"}},
};

}  // namespace

SystemFailure lastFailure(const char* call, std::string path) {
  return {static_cast<int>(GetLastError()), call, std::move(path)};
}

ErrorWords errorWords(int number) {
  const auto same = [number](const Known& each) { return each.code == static_cast<DWORD>(number); };
  const auto found = std::find_if(std::begin(known), std::end(known), same);
  const auto [code, nodeNumber, words] = found == std::end(known) ? unknown : found->error;
  return {code, nodeNumber, words};
}

}  // namespace engine
