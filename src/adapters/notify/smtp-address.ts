/** A mail server as nodemailer takes it, and whether a connection without encryption is refused. */
export interface SmtpAddress {
  readonly url: string;
  readonly requiresTls: boolean;
}

/** The one value of `?tls=`. */
const optional = 'optional';

/**
 * Reads SMTP_URL. Whoever stands between the bot and the server can take STARTTLS out of its greeting, and would read password and mails: so a
 * connection that stays open to read is used on this machine only, or where the address says so with `?tls=optional`.
 */
export function smtpAddress(text: string): SmtpAddress {
  const url = new URL(text);
  const requiresTls = !isLoopback(url.hostname) && url.searchParams.get('tls') !== optional;
  // nodemailer takes its options from the query, too. This one wins over all others about TLS.
  url.searchParams.delete('tls');
  url.searchParams.delete('requireTLS');
  if (requiresTls) url.searchParams.set('requireTLS', 'true');
  return { url: url.href, requiresTls: requiresTls && url.protocol === 'smtp:' };
}

/** Whether what the address says of TLS makes sense. */
export function isKnownTls(text: string): boolean {
  return new URL(text).searchParams.getAll('tls').every((value) => value === optional);
}

function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(host);
}
