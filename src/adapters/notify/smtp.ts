import { createTransport } from 'nodemailer';

import type { Log } from '../../domain/shared/log.ts';
import type { Mail, Mailer } from '../../domain/report/mailer.ts';
import { fail, ok, type Result } from '../../domain/shared/result.ts';
import { createBreaker, Unanswered, type Breaking } from '../http/circuit-breaker.ts';
import { smtpAddress } from './smtp-address.ts';

/** Mail over SMTP. Reads no files and no addresses on behalf of a message. */
export function createSmtpSender(deps: {
  readonly url: string;
  readonly from: string;
  readonly mask: (text: string) => string;
  /** Takes the secrets of the settings out of mails, which may show what a config holds. Not needed where none are sent. */
  readonly hide?: (text: string) => string;
  readonly log: Log;
  readonly breaking: Breaking;
  /** How long the server may be silent, in milliseconds. */
  readonly timeoutMs?: number;
}): Mailer & {
  /** Whether the server takes connections and the login; sends nothing. Fails with its words. */
  verify(): Promise<Result<void, string>>;
  close(): void;
} {
  const { url, requiresTls } = smtpAddress(deps.url);
  const transport = createTransport({
    url,
    connectionTimeout: deps.timeoutMs ?? 10_000,
    greetingTimeout: deps.timeoutMs ?? 10_000,
    socketTimeout: deps.timeoutMs ?? 30_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const breaker = createBreaker('the mail server', deps.breaking);
  const { hide = (text: string) => text } = deps;
  const saidBy = (error: unknown, otherwise: string) =>
    requiresTls && isWithoutTls(error)
      ? noTls
      : deps.mask(error instanceof Error ? error.message : otherwise);
  const hand = (mail: Mail) =>
    transport.sendMail({
      from: deps.from,
      to: [...mail.to],
      subject: mail.subject,
      html: hide(mail.html),
      text: hide(mail.text),
      messageId: `<${mail.messageId}>`,
    });
  return {
    send: async (mail) => {
      try {
        const { rejected } = await breaker.call(deps.log, async () => {
          try {
            return await hand(mail);
          } catch (error) {
            throw isAnswer(error) ? error : new Unanswered('no answer', { cause: error });
          }
        });
        if (rejected.length === 0) return ok(undefined);
        // The others have it: sending it again would give it to them twice.
        return fail({ reason: 'refused', said: `the server refused ${rejected.length} of the addresses` });
      } catch (thrown) {
        const error = thrown instanceof Unanswered ? thrown.cause : thrown;
        const said = saidBy(error, 'the mail could not be sent');
        return fail({ reason: isFinal(error) ? 'refused' : 'passing', said });
      }
    },
    verify: async () => {
      try {
        await transport.verify();
        return ok(undefined);
      } catch (error) {
        return fail(saidBy(error, 'no answer'));
      }
    },
    close: () => transport.close(),
  };
}

/** Whether the server said something, be it no. */
function isAnswer(error: unknown): boolean {
  return error instanceof Error && 'responseCode' in error && typeof error.responseCode === 'number';
}

const noTls =
  'the mail server offers no TLS, and without it password and mails could be read on their way. Turn on STARTTLS there, or use smtps:// where it has that; on a network that you trust, add ?tls=optional to SMTP_URL';

/** nodemailer's code where the server answers to STARTTLS with no. A certificate that is wrong has no answer with it. */
function isWithoutTls(error: unknown): boolean {
  return isAnswer(error) && error instanceof Error && 'code' in error && error.code === 'ETLS';
}

/** nodemailer's codes for an answer to the addresses and to the message. A greeting or a login is answered before any mail. */
const aboutTheMail: ReadonlySet<unknown> = new Set(['EENVELOPE', 'EMESSAGE']);

/** "Authentication required", which some servers say only when they see the addresses. */
const loginRequired = 530;

/** A 5xx answer to the message or its addresses is final; one to the connection or the login is not: the operator mends it. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof Error) || !('responseCode' in error) || !('code' in error)) return false;
  const { code, responseCode } = error;
  if (!aboutTheMail.has(code) || responseCode === loginRequired) return false;
  return typeof responseCode === 'number' && responseCode >= 500;
}
