#pragma once

namespace hvsock {

// From here on this process can do no more than move bytes between the descriptors that it has: every other system call fails with
// ENOSYS, and it gains no rights by execve(2). It cannot be undone. Where the kernel has no such filter, or a container's forbids it,
// nothing changes.
void confine();

}  // namespace hvsock
