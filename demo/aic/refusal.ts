import { STATUS_CODES } from 'node:http';

/** An answer that refuses a call, in the shape of all of them. */
export function refusal(status: number, message: string): Response {
  return Response.json({ statusCode: status, error: STATUS_CODES[status], message }, { status });
}
