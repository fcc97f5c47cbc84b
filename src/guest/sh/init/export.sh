# A container without systemd: the folder that its manager shares with the host. vsock would be the host's own there.

export_socket=/run/host/unix-export/ssh
has_export() { [ -d "$R${export_socket%/*}" ] && [ -w "$R${export_socket%/*}" ]; }
