# What both set-up scripts are made of.

. ./report.sh
. ./files.sh
. ./home.sh
. ./write.sh
. ./facts.sh
. ./vsock.sh
. ./../check/system.sh
. ./../check/transport.sh
. ./../check/socket.sh
. ./../check/answer.sh
. ./../init/init.sh
. ./../init/service.sh
. ./account.sh
. ./proof.sh
. ./steps.sh
. ./../tcp/close.sh
