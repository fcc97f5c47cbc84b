// cluster.js: the part of a Kubernetes cluster that kubectl asks for pods and to start programs in them. containerd runs the pods by its CRI, and its
// streaming server serves exec. Port 8001 takes WebSocket, as clusters do since 1.30; port 8002 takes SPDY only.
import { createServer } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';

/** Each container's image; "": it does not run. */
const pods = [
  { namespace: 'lab', name: 'web-0', phase: 'Running', containers: { app: 'own', side: 'own' } },
  { namespace: 'lab', name: 'bare', phase: 'Running', containers: { app: 'bare' } },
  { namespace: 'lab', name: 'none', phase: 'Running', containers: { app: 'none' } },
  { namespace: 'lab', name: 'waits', phase: 'Running', containers: { app: '' } },
  { namespace: 'lab', name: 'new', phase: 'Pending', containers: { app: '' } },
  { namespace: 'shut', name: 'db', phase: 'Running', containers: { app: '' } },
];

/** The ids in containerd of the containers that run. @type {Map<string, string>} */
const ids = new Map();
for (const { namespace, name, containers } of pods) {
  // On the node's network: that needs no CNI.
  const config = { 1: { 1: name, 2: `uid-${name}`, 3: namespace }, 8: { 2: { 1: { 1: 2 } } } };
  /** @type {string | undefined} */
  let sandbox;
  for (const [container, image] of Object.entries(containers)) {
    if (image === '') continue;
    sandbox ??= await cri('RunPodSandbox', { 1: config });
    const own = { 1: { 1: container }, 2: { 1: `localhost/${image}:1` }, 3: ['/bin/sleep', 'infinity'] };
    const id = await cri('CreateContainer', { 1: sandbox, 2: own, 3: config });
    await cri('StartContainer', { 1: id });
    ids.set(`${namespace}/${name}/${container}`, id);
  }
}
listen(8001, true);
listen(8002, false);

/** Calls containerd by gRPC. @param {string} method @param {object} request @returns {Promise<string>} the text that its answer begins with */
async function cri(method, request) {
  const socket = '/run/containerd/containerd.sock';
  const session = connectHttp2('http://localhost', { createConnection: () => connect(socket) });
  const stream = session.request({
    ...{ ':method': 'POST', ':path': `/runtime.v1.RuntimeService/${method}` },
    ...{ 'content-type': 'application/grpc', te: 'trailers' },
  });
  /** @type {Record<string, string>} */
  const end = {};
  for (const event of ['response', 'trailers']) stream.on(event, (headers) => Object.assign(end, headers));
  const body = encode(request);
  stream.end(Buffer.concat([Buffer.from([0, 0, 0, body.length >> 8, body.length & 255]), body]));
  const answer = Buffer.concat(await stream.toArray());
  session.close();
  if (end['grpc-status'] !== '0') throw new Error(end['grpc-message']);
  return answer.toString('utf8', 7, 7 + (answer[6] ?? 0));
}

/** As protobuf: the names are the numbers of fields. @param {object} message @returns {Buffer} */
function encode(message) {
  /** @param {number} number @returns {number[]} */
  const varint = (number) => (number < 128 ? [number] : [(number & 127) | 128, ...varint(number >>> 7)]);
  const parts = Object.entries(message).flatMap(([field, values]) =>
    [values].flat().map((value) => {
      if (typeof value === 'number') return Buffer.from([Number(field) << 3, value]);
      const bytes = typeof value === 'string' ? Buffer.from(value) : encode(value);
      return Buffer.from([(Number(field) << 3) | 2, ...varint(bytes.length), ...bytes]);
    }),
  );
  return Buffer.concat(parts);
}

/** @param {number} port @param {boolean} hasWebSocket */
function listen(port, hasWebSocket) {
  const server = createServer(({ url = '' }, response) => {
    const answer = answerTo(url.replace(/\?.*/, ''));
    response.writeHead(answer.code ?? 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ apiVersion: 'v1', ...answer }));
  });
  server.on('upgrade', async (request, socket, head) => {
    const { pathname, searchParams: query } = new URL(request.url ?? '', 'http://localhost');
    const [, namespace, pod] = /\/namespaces\/([^/]+)\/pods\/([^/]+)\/exec$/.exec(pathname) ?? [];
    const container = query.get('container') ?? '';
    const id = ids.get(`${namespace}/${pod}/${container}`);
    /** @param {string} body */
    const refuse = (body) => socket.end(`HTTP/1.1 500 No\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    if (!hasWebSocket && request.headers.upgrade === 'websocket') return refuse('');
    if (namespace === 'shut')
      return refuse(
        JSON.stringify(
          failure(403, 'Forbidden', 'pods "db" is forbidden: User "you" cannot create resource "pods/exec"'),
        ),
      );
    if (container === 'nope')
      return refuse(JSON.stringify(failure(400, 'BadRequest', `container nope is not valid for pod ${pod}`)));
    // As the kubelet says it.
    if (id === undefined) return refuse(`container not found ("${container}")`);
    const url = new URL(await cri('Exec', { 1: id, 2: query.getAll('command'), 4: 1, 5: 1, 6: 1 }));
    const peer = connect(Number(url.port), url.hostname);
    const headers = request.rawHeaders.map((word, i) => (i % 2 === 0 ? `${word}: ` : `${word}\r\n`)).join('');
    // containerd does not know v5, which is v4 and a message that closes stdin; it ignores that one.
    peer.write(
      `${request.method} ${url.pathname} HTTP/1.1\r\n${headers.replace('v5.channel', 'v4.channel')}\r\n`,
    );
    peer.write(head);
    peer.once('data', (bytes) => {
      socket.write(bytes.toString('latin1').replace('v4.channel', 'v5.channel'), 'latin1');
      peer.pipe(socket).pipe(peer);
    });
    socket.on('error', () => {}).on('close', () => peer.destroy());
    peer.on('error', () => {}).on('close', () => socket.destroy());
  });
  server.listen(port, '127.0.0.1');
}

/** @param {string} path @returns {Record<string, unknown> & { code?: number }} */
function answerTo(path) {
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  if (path === '/apis') return { kind: 'APIGroupList', groups: [] };
  if (path === '/api/v1') {
    const resource = {
      name: 'pods',
      singularName: 'pod',
      kind: 'Pod',
      namespaced: true,
      verbs: ['list', 'get'],
    };
    return { kind: 'APIResourceList', groupVersion: 'v1', resources: [resource] };
  }
  const [, namespace, name] = /\/namespaces\/([^/]+)\/pods(?:\/([^/]+))?$/.exec(path) ?? [];
  if (namespace === 'locked')
    return failure(403, 'Forbidden', 'pods is forbidden: User "you" cannot list resource "pods"');
  const items = pods
    .filter((pod) => pod.namespace === namespace && pod.name === (name ?? pod.name))
    .map(asPod);
  if (name === undefined) return { kind: 'PodList', metadata: {}, items };
  return items[0] ?? failure(404, 'NotFound', `pods "${name}" not found`);
}

/** @param {(typeof pods)[number]} pod */
function asPod({ namespace, name, phase, containers }) {
  const spec = { containers: Object.keys(containers).map((each) => ({ name: each, image: 'own' })) };
  const metadata = { namespace, name, uid: `uid-${name}` };
  return { kind: 'Pod', apiVersion: 'v1', metadata, spec, status: { phase } };
}

/** @param {number} code @param {string} reason @param {string} message */
function failure(code, reason, message) {
  return { kind: 'Status', status: 'Failure', apiVersion: 'v1', metadata: {}, message, reason, code };
}
