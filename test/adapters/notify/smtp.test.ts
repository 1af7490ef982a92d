import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { until } from '../../../demo/person.ts';
import { startSmtpSink, type SmtpSink } from '../../../demo/mail/smtp-sink.ts';
import { neverBreaking, type Breaking } from '../../../src/adapters/http/circuit-breaker.ts';
import { createLog } from '../../../src/adapters/log.ts';
import { smtpAddress } from '../../../src/adapters/notify/smtp-address.ts';
import { createSmtpSender } from '../../../src/adapters/notify/smtp.ts';
import type { Mail } from '../../../src/domain/report/mailer.ts';
import { fail, ok } from '../../../src/domain/shared/result.ts';
import { createMask } from '../../../src/domain/secrets/mask.ts';

const password = 'letmein-77';
const mail: Mail = {
  messageId: 'deployment-12@example.com',
  to: ['ada@example.com', 'bob@example.com'],
  subject: '[Deploy] GitLab Deployment Summary for größe',
  html: '<p>Größe &amp; <b>Menge</b></p>',
  text: 'Größe & Menge',
};

function senderTo(url: string, breaking: Breaking = neverBreaking, timeoutMs = 10_000) {
  const mask = createMask([password]);
  const log = createLog({ level: 'silent', clock: { now: () => 0 }, mask, write: () => {} });
  return createSmtpSender({ url, from: 'aic-bot <aic-bot@example.com>', mask, log, breaking, timeoutMs });
}

function withLogin(url: string): string {
  return url.replace('smtp://', `smtp://bot:${password}@`);
}

describe('with a server that takes mail', () => {
  let sink: SmtpSink;

  beforeEach(async () => {
    sink = await startSmtpSink();
  });

  afterEach(() => sink.close());

  test('sends both parts to all addresses, under the message id', async () => {
    const sender = senderTo(sink.url);
    expect(await sender.send(mail)).toEqual(ok(undefined));
    sender.close();
    expect(sink.mails).toEqual([
      {
        at: expect.any(Number),
        from: 'aic-bot@example.com',
        to: mail.to,
        subject: mail.subject,
        html: expect.stringMatching(/^<p>Größe &amp; <b>Menge<\/b><\/p>\s*$/),
        text: expect.stringMatching(/^Größe & Menge\s*$/),
        messageId: '<deployment-12@example.com>',
      },
    ]);
  });

  test('a mail that is sent again keeps its message id', async () => {
    const sender = senderTo(sink.url);
    await sender.send(mail);
    await sender.send(mail);
    expect(sink.mails.map(({ messageId }) => messageId)).toEqual(Array(2).fill(`<${mail.messageId}>`));
  });

  test('logs in with what the address holds', async () => {
    expect(await senderTo(withLogin(sink.url)).send(mail)).toEqual(ok(undefined));
  });

  test('content that looks like a file or an address is not fetched', async () => {
    const html = '<img src="file:///etc/hostname"><img src="http://127.0.0.1:9/x">';
    expect(await senderTo(sink.url).send({ ...mail, html })).toEqual(ok(undefined));
    expect(sink.mails[0]?.html).toContain('file:///etc/hostname');
  });

  test('a line break in the subject adds no header', async () => {
    const subject = 'one\r\nBcc: eve@example.com';
    expect(await senderTo(sink.url).send({ ...mail, subject })).toEqual(ok(undefined));
    expect(sink.mails[0]?.to).toEqual(mail.to);
  });

  test('451 is passing, and the mail goes through later', async () => {
    const sender = senderTo(sink.url);
    sink.refuse(true);
    expect(await sender.send(mail)).toMatchObject({
      failure: { reason: 'passing', said: expect.stringContaining('try again later') },
    });
    sink.refuse(false);
    expect(await sender.send(mail)).toEqual(ok(undefined));
  });

  test('a server that is away is passing, and is used again when it is back', async () => {
    const sender = senderTo(sink.url);
    const port = Number(new URL(sink.url).port);
    await sink.close();
    expect(await sender.send(mail)).toMatchObject({ failure: { reason: 'passing' } });
    sink = await startSmtpSink({ port });
    expect(await sender.send(mail)).toEqual(ok(undefined));
  });
});

describe('with a server that refuses', () => {
  let server: SMTPServer;

  afterEach(() => new Promise<void>((resolve) => server.close(resolve)));

  async function start(options: SMTPServerOptions): Promise<string> {
    server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      disableReverseLookup: true,
      closeTimeout: 1,
      ...options,
    });
    server.on('error', () => {});
    const listener = server.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = listener.address();
    if (address === null || typeof address === 'string') throw new Error('The server listens on no port.');
    return `smtp://127.0.0.1:${address.port}`;
  }

  const saying = (responseCode: number, text: string) => Object.assign(new Error(text), { responseCode });

  test.each<readonly [string, SMTPServerOptions]>([
    ['sender', { onMailFrom: (_address, _session, done) => done(saying(550, 'not you')) }],
    ['recipients', { onRcptTo: (_address, _session, done) => done(saying(550, 'nobody here')) }],
    [
      'message',
      {
        onData: (stream, _session, done) => {
          stream.resume();
          stream.once('end', () => done(saying(554, 'looks like spam')));
        },
      },
    ],
  ])('a 5xx for the %s is refused', async (_what, options) => {
    expect(await senderTo(await start(options)).send(mail)).toMatchObject({ failure: { reason: 'refused' } });
  });

  test.each<readonly [string, SMTPServerOptions]>([
    ['recipients', { onRcptTo: (_address, _session, done) => done(saying(452, 'mailbox full')) }],
    [
      'message',
      {
        onData: (stream, _session, done) => {
          stream.resume();
          stream.once('end', () => done(saying(452, 'disk full')));
        },
      },
    ],
    ['missing login', { onMailFrom: (_address, _session, done) => done(saying(530, 'log in first')) }],
    ['connection', { onConnect: (_session, done) => done(saying(554, 'no service for you')) }],
  ])('a 4xx, or what the operator can mend, is passing: %s', async (_what, options) => {
    expect(await senderTo(await start(options)).send(mail)).toMatchObject({ failure: { reason: 'passing' } });
  });

  test('a refused login is passing, and tells no password even where the server repeats it', async () => {
    const url = await start({
      onAuth: (auth, _session, done) =>
        done(saying(535, `${auth.username} may not in with ${auth.password}`)),
    });
    const answer = await senderTo(withLogin(url)).send(mail);
    expect(answer).toMatchObject({
      failure: { reason: 'passing', said: expect.stringContaining('may not') },
    });
    expect(JSON.stringify(answer)).not.toContain(password);
  });
});

describe('with a server that is not on this machine', () => {
  const logins: string[] = [];
  let server: SMTPServer;

  /** Its address is none of loopback, though it leads there. */
  async function start(options: SMTPServerOptions): Promise<string> {
    logins.length = 0;
    server = new SMTPServer({
      authOptional: true,
      disableReverseLookup: true,
      closeTimeout: 1,
      onAuth: (auth, session, done) => {
        logins.push(`${auth.password} ${session.secure ? 'encrypted' : 'in the open'}`);
        done(null, { user: 'bot' });
      },
      ...options,
    });
    server.on('error', () => {});
    const listener = server.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = listener.address();
    if (address === null || typeof address === 'string') throw new Error('The server listens on no port.');
    return `smtp://bot:${password}@0.0.0.0:${address.port}`;
  }

  const withoutTls: SMTPServerOptions = { disabledCommands: ['STARTTLS'], allowInsecureAuth: true };

  afterEach(() => new Promise<void>((resolve) => server.close(resolve)));

  test('the login and the mail are encrypted', async () => {
    const url = await start({});
    expect(await senderTo(`${url}?tls.rejectUnauthorized=false`).send(mail)).toEqual(ok(undefined));
    expect(logins).toEqual([`${password} encrypted`]);
  });

  test.each([
    '',
    '?requireTLS=false',
    '?ignoreTLS=true',
    '?opportunisticTLS=true',
    '?requireTLS=false&ignoreTLS=true',
  ])(
    'no login and no mail goes to one that offers no TLS, whatever else the address says: %s',
    async (query) => {
      const sender = senderTo(`${await start(withoutTls)}${query}`);
      const said = expect.stringMatching(/offers no TLS.*STARTTLS.*smtps:.*\?tls=optional to SMTP_URL/);
      expect(await sender.send(mail)).toEqual(fail({ reason: 'passing', said }));
      expect(await sender.verify()).toEqual(fail(said));
      expect(logins).toEqual([]);
    },
  );

  test('one that offers no TLS gets it where the address says that TLS is optional', async () => {
    expect(await senderTo(`${await start(withoutTls)}?tls=optional`).send(mail)).toEqual(ok(undefined));
    expect(logins).toEqual([`${password} in the open`]);
  });

  test('a certificate that nobody vouches for is told as such', async () => {
    const answer = await senderTo(await start({})).send(mail);
    expect(answer).toMatchObject({
      failure: { reason: 'passing', said: expect.stringContaining('certificate') },
    });
    expect(logins).toEqual([]);
  });
});

test.each(['localhost', '127.0.0.1', '127.8.9.1', '[::1]', 'LOCALHOST'])('%s is this machine', (host) => {
  expect(smtpAddress(`smtp://${host}:25`).requiresTls).toBe(false);
});

test.each(['127.0.0.1.example.com', 'localhost.example.com', 'mail', '10.0.0.1', '[::2]', '0.0.0.0'])(
  '%s is another machine',
  (host) => {
    expect(smtpAddress(`smtp://${host}:25`).requiresTls).toBe(true);
  },
);

describe('with a server that is broken', () => {
  let server: Server;
  let mails: number;

  /** Speaks SMTP as far as the end of a mail, and then does as told. */
  async function start(greeting: string | undefined, atEnd: (socket: Socket) => void): Promise<string> {
    mails = 0;
    server = createServer((socket) => {
      socket.on('error', () => {});
      if (greeting !== undefined) socket.write(greeting);
      let isMessage = false;
      createInterface(socket).on('line', (line) => {
        if (isMessage) {
          if (line !== '.') return;
          isMessage = false;
          mails += 1;
          atEnd(socket);
        } else if (line === 'DATA') {
          isMessage = true;
          socket.write('354 go on\r\n');
        } else socket.write('250 fine\r\n');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('The server listens on no port.');
    return `smtp://127.0.0.1:${address.port}`;
  }

  afterEach(() => void server.close());

  const ready = '220 ready\r\n';
  test.each<readonly [string, string | undefined, (socket: Socket) => void]>([
    ['never greets', undefined, () => {}],
    ['greets with what is no SMTP', '<html>502 Bad Gateway</html>\r\n', () => {}],
    ['never says whether it took the mail', ready, () => {}],
    ['is gone before it says so', ready, (socket) => socket.destroy()],
    ['says half of it', ready, (socket) => socket.end('25')],
    ['says what is no SMTP', ready, (socket) => socket.write('<html>\r\n')],
  ])('a mail to one that %s waits, and after some of them it is left alone', async (_, greeting, atEnd) => {
    const url = await start(greeting, atEnd);
    const sender = senderTo(url, { afterFailures: 2, pauseMs: 60_000 }, 300);
    for (let tries = 1; tries <= 2; tries += 1)
      expect(await sender.send(mail)).toMatchObject({ failure: { reason: 'passing' } });
    const sent = mails;
    expect(await sender.send(mail)).toMatchObject({
      failure: { reason: 'passing', said: expect.stringContaining('did not answer 2 calls in a row') },
    });
    expect(mails).toBe(sent);
    sender.close();
  });
});

test('a server that is away is left alone for a while, and then used again', async () => {
  const gone = await startSmtpSink();
  const port = Number(new URL(gone.url).port);
  await gone.close();
  const sender = senderTo(gone.url, { afterFailures: 2, pauseMs: 100 });
  for (let tries = 1; tries <= 2; tries += 1)
    expect(await sender.send(mail)).toMatchObject({
      failure: { reason: 'passing', said: expect.stringContaining('ECONNREFUSED') },
    });
  expect(await sender.send(mail)).toEqual(
    fail({
      reason: 'passing',
      said: 'the mail server did not answer 2 calls in a row; it is asked again within 1 s',
    }),
  );
  const back = await startSmtpSink({ port });
  await until('the mail', async () => ((await sender.send(mail)).ok ? true : undefined), 5_000);
  expect(back.mails).toHaveLength(1);
  sender.close();
  await back.close();
});

test('a server that says no is not away', async () => {
  const sink = await startSmtpSink();
  sink.refuse(true);
  const sender = senderTo(sink.url, { afterFailures: 2, pauseMs: 60_000 });
  for (let tries = 1; tries <= 4; tries += 1)
    expect(await sender.send(mail)).toMatchObject({ failure: { reason: 'passing' } });
  sink.refuse(false);
  expect(await sender.send(mail)).toEqual(ok(undefined));
  sender.close();
  await sink.close();
});
