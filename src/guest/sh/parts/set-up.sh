# What both set-up scripts are made of.

. ./report.sh
. ./files.sh
. ./home.sh
. ./write.sh
. ./facts.sh
. ./vsock.sh
. ./../check/system.sh
. ./../kernel/transport.sh
. ./../check/socket.sh
. ./../check/answer.sh
. ./../init/kind.sh
. ./../init/wsl.sh
. ./../init/check.sh
. ./../init/service.sh
. ./account.sh
. ./proof.sh
. ./steps.sh
. ./only-vsock.sh
. ./../tcp/only-loopback.sh
