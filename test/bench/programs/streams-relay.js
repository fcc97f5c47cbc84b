// A relay as Node's streams make it: what a proxy would be without native code. streams-relay.js SOCKET
import { connect } from 'node:net';

const [path = ''] = process.argv.slice(2);
const socket = connect({ path, allowHalfOpen: true });
process.stdin.pipe(socket).pipe(process.stdout);
