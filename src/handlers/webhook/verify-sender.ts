import { Webhook } from 'standardwebhooks';

/** The secrets by which a request is known to come from the configured GitLab. What is configured is demanded. */
export interface WebhookSecrets {
  /** Any of these in `X-Gitlab-Token`; several while rotating. */
  readonly tokens: readonly string[];
  /** `whsec_` and the key in base64. */
  readonly signingToken: string | undefined;
}

const signatureHeaders = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;

/**
 * Whether the headers can be those of a genuine request, before a byte of the body is read: the secret must be right, and where a
 * signing token is configured a signature must be there. Leaving it out is no way back to the plain secret.
 */
export function mayBeGenuine(headers: Headers, secrets: WebhookSecrets): boolean {
  const signed = signatureHeaders.every((name) => headers.has(name));
  if (secrets.signingToken !== undefined && !signed) return false;
  return secrets.tokens.length === 0 || matchesAny(headers.get('x-gitlab-token') ?? '', secrets.tokens);
}

/**
 * Whether the body was signed with the signing token, less than 5 minutes from now
 * (https://github.com/standard-webhooks/standard-webhooks). True where none is configured.
 */
export function isSignedRight(headers: Headers, text: string, secrets: WebhookSecrets): boolean {
  if (secrets.signingToken === undefined) return true;
  try {
    new Webhook(secrets.signingToken).verify(text, Object.fromEntries(headers.entries()), {
      jsonParse: false,
    });
    return true;
  } catch {
    return false;
  }
}

const encoder = new TextEncoder();

/** Compares with all of them, each to the end: how long this takes tells only how long the given one is. */
function matchesAny(given: string, tokens: readonly string[]): boolean {
  const bytes = encoder.encode(given);
  let matches = false;
  for (const token of tokens) {
    const expected = encoder.encode(token);
    let different = bytes.length ^ expected.length;
    for (const [index, byte] of bytes.entries()) different |= byte ^ (expected[index % expected.length] ?? 0);
    matches = different === 0 || matches;
  }
  return matches;
}
