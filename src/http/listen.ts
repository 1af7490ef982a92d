import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import { getRequestListener } from '@hono/node-server';

/** How much a stranger may use of the server before it is known who asks. Times are milliseconds. */
export interface ServerLimits {
  /** Bytes of all headers of a request; more is a 431. */
  readonly headerBytes: number;
  /** From the first byte, or from the connection, to the end of the headers; then a 408. */
  readonly headersMs: number;
  /** To the end of the body; then a 408. */
  readonly requestMs: number;
  /** How often those two are looked after. */
  readonly checkEveryMs: number;
  /** How long a connection may wait for its next request. */
  readonly keepAliveMs: number;
  /** How long nothing may move on a connection, whatever it is for: a client that never reads its answer. */
  readonly silenceMs: number;
  readonly requestsPerConnection: number;
  /** Connections that have not sent a whole request. One more, and the one that was at it the longest is cut. */
  readonly unfinishedConnections: number;
  /** All connections; one more is not taken. */
  readonly connections: number;
}

/**
 * GitLab needs a few dozen connections, waits 10 s for an answer, and sends at most 20 headers of its users
 * (https://docs.gitlab.com/administration/instance_limits/).
 */
export const serverLimits: ServerLimits = {
  headerBytes: 32 * 1024,
  headersMs: 10_000,
  requestMs: 30_000,
  checkEveryMs: 2_000,
  keepAliveMs: 5_000,
  silenceMs: 60_000,
  requestsPerConnection: 100,
  unfinishedConnections: 2_000,
  connections: 4_000,
};

/**
 * Listens for HTTP within the limits.
 * @param ready is told the address once connections are taken
 */
export function listen(
  fetch: Parameters<typeof getRequestListener>[0],
  at: { readonly port: number; readonly hostname: string },
  ready: (address: AddressInfo) => void,
  limits: ServerLimits = serverLimits,
): Server {
  const options = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkEveryMs,
    keepAliveTimeout: limits.keepAliveMs,
  };
  const server = createServer(options, getRequestListener(fetch, { hostname: at.hostname }));
  server.timeout = limits.silenceMs;
  server.maxRequestsPerSocket = limits.requestsPerConnection;
  server.maxConnections = limits.connections;
  cutSlowest(server, limits.unfinishedConnections);
  server.listen(at.port, at.hostname, () => {
    const address = server.address();
    if (typeof address === 'object' && address !== null) ready(address);
  });
  return server;
}

/**
 * A limit alone would let whoever opens that many silent connections lock GitLab out until they time out. GitLab sends its request as
 * soon as it is connected: so it is the connection that has been at it the longest that goes.
 */
function cutSlowest(server: Server, most: number): void {
  // A set keeps the order in which they began.
  const unfinished = new Set<Socket>();
  const begin = (socket: Socket) => {
    unfinished.delete(socket);
    if (socket.destroyed) return;
    unfinished.add(socket);
    if (unfinished.size <= most) return;
    for (const slowest of unfinished) {
      unfinished.delete(slowest);
      slowest.destroy();
      return;
    }
  };
  server.on('connection', (socket: Socket) => {
    socket.once('close', () => unfinished.delete(socket));
    begin(socket);
  });
  server.on('request', (request, response) => {
    const { socket } = request;
    request.once('end', () => unfinished.delete(socket));
    response.once('close', () => begin(socket));
  });
}
