/**
 * An answer that refuses the call. It is thrown, as GitLab's own API does, because a refusal ends the handling from
 * any depth; the app turns it into the answer.
 */
export class Refusal extends Error {
  readonly status: number;
  readonly body: object;

  constructor(status: number, body: object) {
    super(JSON.stringify(body));
    this.name = 'Refusal';
    this.status = status;
    this.body = body;
  }
}

/** `{"message": …}`, the shape of what the API's code refuses. */
export function refused(status: number, message: string | readonly string[] | object): Refusal {
  return new Refusal(status, { message });
}

/** `404 <what> Not Found`. */
export function notFound(what?: string): Refusal {
  return refused(404, what === undefined ? '404 Not Found' : `404 ${what} Not Found`);
}

/** What the API says when a row with that number is missing: with a small f, and without naming it. */
export function noSuchRow(): Refusal {
  return refused(404, '404 Not found');
}

/** `{"error": …}`, the shape of what the check of the parameters refuses. */
export function badParameter(error: string): Refusal {
  return new Refusal(400, { error });
}
