/** Where every loopback port of a machine listens. */
export const loopbackHost = '127.0.0.1';
