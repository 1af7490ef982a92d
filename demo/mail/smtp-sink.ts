import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { callbackify } from 'node:util';
import { simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';

/** A mail as it arrived. */
interface ReceivedMail {
  /** Milliseconds since 1970-01-01 UTC when it was accepted. */
  readonly at: number;
  /** The address in the From header. */
  readonly from: string;
  /** The addresses it was delivered to, from the envelope: blind copies are among them. */
  readonly to: string[];
  readonly subject: string;
  /** Empty when there is no such part. */
  readonly html: string;
  /** Empty when there is no such part and none can be made from the HTML. */
  readonly text: string;
  /** With its angle brackets. */
  readonly messageId: string;
}

/**
 * - `hang`: it never greets
 * - `drop`: the connection is cut as soon as it stands
 * - `drop-after-taking`: the mail is taken, and the connection cut before the answer
 */
export type MailFault = 'hang' | 'drop' | 'drop-after-taking';

/** A mail server that keeps what it gets. Asks for neither encryption nor a password, and accepts any password. */
export interface SmtpSink {
  readonly url: string;
  /** In the order of acceptance. A mail is here before its sender is told so. */
  readonly mails: ReceivedMail[];
  /** While on, every mail is refused with 451, "try again later". */
  refuse(on: boolean): void;
  /** While on, nothing listens on the port. */
  refuseConnections(on: boolean): Promise<void>;
  /** What goes wrong with every mail from now on; undefined: nothing. */
  fail(fault: MailFault | undefined): void;
  /** The first mail that fits, of those that are here or arrive within the time. Rejects when there is none, or at the close. */
  waitForMail(fits: (mail: ReceivedMail) => boolean, timeoutMs: number): Promise<ReceivedMail>;
  /** Stops listening and ends the open connections. May be called again. */
  close(): Promise<void>;
}

/** Starts a mail server on 127.0.0.1; port 0, the default, takes any free one. Rejects when the port is taken. */
export async function startSmtpSink(options: { readonly port?: number } = {}): Promise<SmtpSink> {
  const mails: ReceivedMail[] = [];
  const waiting = new Set<{ look(): void; giveUp(why: string): void }>();
  let refusing = false;
  let failing: MailFault | undefined;
  const sockets = new Set<Socket>();

  async function receive(stream: Readable, session: SMTPServerSession): Promise<void> {
    const mail = await simpleParser(stream);
    mails.push({
      at: Date.now(),
      from: mail.from?.value[0]?.address ?? '',
      to: session.envelope.rcptTo.map((recipient) => recipient.address),
      subject: mail.subject ?? '',
      html: typeof mail.html === 'string' ? mail.html : '',
      text: mail.text ?? '',
      messageId: mail.messageId ?? '',
    });
    for (const waiter of waiting) waiter.look();
    if (failing === 'drop-after-taking') for (const socket of sockets) socket.destroy();
  }

  const server = new SMTPServer({
    authOptional: true,
    // Its certificate would be self-signed: a client that takes the offer refuses that.
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 1,
    onConnect: (_session, done) => {
      if (failing !== 'hang') done();
    },
    onAuth: (auth, _session, done) => done(null, { user: auth.username ?? 'anybody' }),
    onMailFrom: (_address, _session, done) => done(refusing ? tryLater() : null),
    onData: callbackify(receive),
  });
  // A client that goes away in the middle is its own affair; a port that is taken is told by `once`.
  server.on('error', () => {});
  const listener = server.listen(options.port ?? 0, '127.0.0.1');
  listener.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    if (failing === 'drop') socket.destroy();
  });
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('The server listens on no port.');

  return {
    url: `smtp://127.0.0.1:${address.port}`,
    mails,
    refuse(on) {
      refusing = on;
    },
    async refuseConnections(on) {
      if (on) {
        const closed = new Promise<void>((resolve) => void listener.close(() => resolve()));
        for (const socket of sockets) socket.destroy();
        await closed;
      } else {
        listener.listen(address.port, '127.0.0.1');
        await once(listener, 'listening');
      }
    },
    fail(fault) {
      failing = fault;
    },
    waitForMail(fits, timeoutMs) {
      return new Promise((resolve, reject) => {
        const finish = (): void => {
          clearTimeout(timer);
          waiting.delete(waiter);
        };
        const waiter = {
          look() {
            const mail = mails.find(fits);
            if (mail === undefined) return;
            finish();
            resolve(mail);
          },
          giveUp(why: string) {
            finish();
            reject(new Error(`${why} Received so far: ${JSON.stringify(mails.map((mail) => mail.subject))}`));
          },
        };
        const timer = setTimeout(() => waiter.giveUp(`No such mail within ${timeoutMs} ms.`), timeoutMs);
        waiting.add(waiter);
        waiter.look();
      });
    },
    async close() {
      for (const waiter of waiting) waiter.giveUp('The mail server was closed.');
      await new Promise<void>((resolve) => server.close(resolve));
    },
  };
}

function tryLater(): Error {
  return Object.assign(new Error('Temporarily unavailable, try again later'), { responseCode: 451 });
}
