import type { Result } from '../shared/result.ts';

/** A mail to send. `messageId` is fixed when the mail is written, so that a repeated sending is recognisable as the same mail. */
export interface Mail {
  readonly messageId: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

/** Why a mail is still here: `passing` is tried again, `refused` (the server said no for good) is not. */
export interface MailFailure {
  readonly reason: 'passing' | 'refused';
  readonly said: string;
}

export interface Mailer {
  /**
   * Hands the mail to the server. Not guaranteed: exactly once; a mail that was taken while the answer was lost is sent
   * again, with the same message id.
   */
  send(mail: Mail): Promise<Result<void, MailFailure>>;
}
