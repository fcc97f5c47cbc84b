// What OpenSSH's server asks of a machine, for one that is brought into it: docs/decisions/0026. sshd.c calls these in place of libc's
// (machine.h). Its only client is on its own stdin and stdout, which whoever could start it has.
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/types.h>
#include <unistd.h>

struct ssh;

static struct passwd login;
static int known;

// The user who logs in: the line of the file "passwd" beside this program. A session that became the user knows it still.
static struct passwd* login_entry(void) {
  char path[PATH_MAX];
  if (known) return &login;
  // As it was started: where others may rename, its folder has another name by now, and that one another folder.
  const char* own = (const char*)getauxval(AT_EXECFN);
  const char* name = own != NULL ? strrchr(own, '/') : NULL;
  if (name == NULL || snprintf(path, sizeof path, "%.*s/passwd", (int)(name - own), own) >= (int)sizeof path) return NULL;
  FILE* file = fopen(path, "re");
  if (file == NULL) return NULL;
  struct passwd* entry = fgetpwent(file);
  if (entry != NULL) {
    login = (struct passwd){strdup(entry->pw_name), "",        entry->pw_uid, entry->pw_gid, strdup(""),
                            strdup(entry->pw_dir),  strdup(entry->pw_shell)};
    known = login.pw_name && login.pw_dir && login.pw_shell;
  }
  fclose(file);
  return known ? &login : NULL;
}

// Whatever name ssh gives: vmssh has decided who it is. The user for what is unprivileged is the one who runs this.
struct passwd* machine_getpwnam(const char* name) {
  static struct passwd own = {"nobody", "*", 0, 0, "", "/", "/bin/false"};
  if (strcmp(name, "nobody") != 0 || login_entry() == NULL || strcmp(login.pw_name, name) == 0) {
    struct passwd* entry = login_entry();
    return entry != NULL ? entry : getpwnam(name);
  }
  own.pw_uid = geteuid();
  own.pw_gid = getegid();
  return &own;
}

struct passwd* machine_getpwuid(uid_t uid) {
  struct passwd* entry = login_entry();
  return entry != NULL && entry->pw_uid == uid ? entry : getpwuid(uid);
}

// A root without the right to choose its groups keeps those that it has, unless another user logs in.
int machine_setgroups(size_t count, const gid_t* groups) {
  return setgroups(count, groups) == -1 && errno != EPERM ? -1 : 0;
}

int machine_initgroups(const char* name, gid_t group) {
  if (initgroups(name, group) == 0) return 0;
  const int error = errno;
  const int isOwn = login_entry() != NULL && login.pw_uid == geteuid();
  errno = error;
  return error == EPERM && isOwn ? 0 : -1;
}

// The part that reads what comes before the login has nobody else to be kept from.
int machine_chroot(const char* path) {
  (void)path;
  return 0;
}

// A terminal is its user's already, if not of the group "tty".
int machine_chown(const char* path, uid_t owner, gid_t group) {
  int result = chown(path, owner, group);
  return result == -1 && errno == EPERM && strncmp(path, "/dev/pts/", 9) == 0 && owner == geteuid() ? 0 : result;
}

int sys_auth_passwd(struct ssh* ssh, const char* password) {
  (void)ssh;
  (void)password;
  return 1;
}
