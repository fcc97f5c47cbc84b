# Logs in with net-ssh: "proxy CONFIG HOST KNOWN_HOSTS" or "port PORT USER KEY KNOWN_HOSTS".
require 'net/ssh'

how, *rest = ARGV
common = { verify_host_key: :always, use_agent: false, non_interactive: true }
if how == 'proxy'
  config, host, known = rest
  options = common.merge(config: config, user_known_hosts_file: known)
  user = nil
else
  port, user, key, known = rest
  host = '127.0.0.1'
  options = common.merge(port: port.to_i, keys: [key], keys_only: true, config: false, user_known_hosts_file: known)
end
options = options.merge(global_known_hosts_file: '/dev/null')
Net::SSH.start(host, user, options) { |ssh| print ssh.exec!('echo this is $MACHINE') }
