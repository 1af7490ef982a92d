/** Shorter values are not searched for: masking every "on" or "8080" would garble the text and protect nothing. */
const shortestSecret = 6;
const hidden = '[hidden]';

/**
 * A function that hides secrets in any text that leaves the bot: each known value, also where it stands in JSON, in a URL or in
 * base64, and whatever follows a key that names a secret, such as `password=…` or `"api-key": "…"`.
 */
export function createMask(secrets: readonly string[]): (text: string) => string {
  const forms = secrets.flatMap((secret) =>
    secret.length < shortestSecret
      ? []
      : [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), base64(secret)],
  );
  const longestFirst = [...new Set(forms)].toSorted((one, other) => other.length - one.length);
  return (text) => {
    let masked = text;
    for (const form of longestFirst) masked = masked.replaceAll(form, hidden);
    return masked.replaceAll(keyed, `$1${hidden}`).replaceAll(userInfo, `$1${hidden}@`);
  };
}

const secretKey =
  '(?:password|passwd|secret|token|api[-_]?key|private[-_]?key|authorization|credential)[\\w.-]*';
const keyed = new RegExp(
  `(${secretKey}\\\\?["']?\\s*[:=]\\s*\\\\?["']?(?:(?:bearer|basic)\\s+)?)[^\\s"'\\\\,;&)}\\]]+`,
  'gi',
);
const userInfo = /(\b[a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@"']{1,500}@/gi;

/** Whether a field of this name holds a secret, whatever its value. */
export function isSecretKey(name: string): boolean {
  return new RegExp(secretKey, 'i').test(name);
}

function base64(text: string): string {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
}
