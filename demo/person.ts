/** A person at GitLab's API, with their own token. */
export interface Person {
  /** The answer's body; throws on anything but a 2xx. */
  call(method: string, path: string, body?: object): Promise<unknown>;
}

/** @param url GitLab's address without `/api/v4` */
export function personAt(url: string, token: string): Person {
  return {
    call: async (method, path, body) => {
      const response = await fetch(`${url}/api/v4${path}`, {
        method,
        headers: { 'private-token': token, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
      return text === '' ? undefined : JSON.parse(text);
    },
  };
}

/**
 * Resolves with what `look` finds as soon as that is defined; throws after so many milliseconds.
 * @param everyMs how long to wait between two looks
 */
export async function until<Found>(
  what: string,
  look: () => Promise<Found | undefined> | Found | undefined,
  withinMs: number,
  everyMs = 25,
): Promise<Found> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`waited ${withinMs / 1000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
