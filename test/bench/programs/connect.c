// connect PATH: what passing a socket takes at least. Connects to the socket at PATH and passes it over stdout (unix(7)).
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int count, char** words) {
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  if (count != 2 || strlen(words[1]) >= sizeof at.sun_path) return 2;
  strcpy(at.sun_path, words[1]);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (const struct sockaddr*)&at, sizeof at) != 0) return 1;
  char byte = 0;
  struct iovec data = {&byte, 1};
  union {
    char bytes[CMSG_SPACE(sizeof fd)];
    struct cmsghdr align;
  } control;
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  struct cmsghdr* const head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(head), &fd, sizeof fd);
  return sendmsg(1, &message, 0) == 1 ? 0 : 1;
}
