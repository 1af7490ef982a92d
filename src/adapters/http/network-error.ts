/** Errors by which Node says that no connection was made, so that the other side has done nothing. */
const unsentCodes: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Whether the request can't have reached the other side. */
export function neverSent(error: unknown): boolean {
  return unsentCodes.has(codeOf(error));
}

function codeOf(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  return typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
}

/** The failure in words, without addresses. */
export function networkWords(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'the connection failed';
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`;
  const code = codeOf(error);
  return typeof code === 'string'
    ? `the connection failed (${code})`
    : `the connection failed (${error.message})`;
}
