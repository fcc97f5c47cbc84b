// Read before each of OpenSSH's files: machine.c has the functions.
#define CUSTOM_SYS_AUTH_PASSWD 1
#define getpwnam machine_getpwnam
#define getpwuid machine_getpwuid
#define setgroups machine_setgroups
#define initgroups machine_initgroups
#define chroot machine_chroot
#define chown machine_chown
