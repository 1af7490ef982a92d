import { createTransport, type Transporter } from 'nodemailer';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startSmtpSink, type SmtpSink } from '../../demo/mail/smtp-sink.ts';

let sink: SmtpSink;
let transport: Transporter;

beforeEach(async () => {
  sink = await startSmtpSink();
  transport = createTransport(sink.url);
});

afterEach(async () => {
  transport.close();
  await sink.close();
});

const send = (subject: string): Promise<unknown> =>
  transport.sendMail({
    from: 'Bot <bot@example.com>',
    to: ['Ada <ada@example.com>', 'bob@example.com'],
    bcc: 'carol@example.com',
    subject,
    html: '<p>Größe &amp; <b>Menge</b></p>',
    text: 'Größe & Menge',
    messageId: '<deployment-1@example.com>',
  });

test('keeps a mail with its parts before the sender knows', async () => {
  const before = Date.now();
  await send('Zusammenfassung für main');
  expect(sink.mails).toEqual([
    {
      at: expect.any(Number),
      from: 'bot@example.com',
      to: ['ada@example.com', 'bob@example.com', 'carol@example.com'],
      subject: 'Zusammenfassung für main',
      html: expect.stringMatching(/^<p>Größe &amp; <b>Menge<\/b><\/p>\s*$/),
      text: expect.stringMatching(/^Größe & Menge\s*$/),
      messageId: '<deployment-1@example.com>',
    },
  ]);
  expect(sink.mails[0]?.at).toBeGreaterThanOrEqual(before);
});

test('leaves the HTML of a plain mail empty', async () => {
  await transport.sendMail({
    from: 'bot@example.com',
    to: 'ada@example.com',
    subject: 'plain',
    text: 'words',
  });
  expect(sink.mails).toMatchObject([{ subject: 'plain', html: '', text: expect.stringContaining('words') }]);
});

test('accepts any password', async () => {
  const url = new URL(sink.url);
  url.username = 'bot';
  url.password = 'guess';
  const withPassword = createTransport(url.href);
  await withPassword.sendMail({ from: 'bot@example.com', to: 'ada@example.com', subject: 'in', text: 'x' });
  expect(sink.mails).toHaveLength(1);
});

test('refuses every mail with 451 while told to', async () => {
  sink.refuse(true);
  await expect(send('one')).rejects.toMatchObject({ responseCode: 451 });
  await expect(send('two')).rejects.toMatchObject({ responseCode: 451 });
  expect(sink.mails).toEqual([]);
  sink.refuse(false);
  await send('three');
  expect(sink.mails).toMatchObject([{ subject: 'three' }]);
});

test('waits for a mail that comes later', async () => {
  const waiting = sink.waitForMail((mail) => mail.subject === 'two', 10_000);
  await send('one');
  await send('two');
  expect(await waiting).toMatchObject({ subject: 'two' });
});

test('finds a mail that came earlier', async () => {
  await send('one');
  await send('two');
  expect(await sink.waitForMail((mail) => mail.subject === 'one', 10_000)).toBe(sink.mails[0]);
});

test('gives up waiting after the time, and says what came instead', async () => {
  await send('one');
  await expect(sink.waitForMail((mail) => mail.subject === 'two', 5)).rejects.toThrow(
    'No such mail within 5 ms. Received so far: ["one"]',
  );
});

test('rejects those who wait when it closes', async () => {
  const waiting = sink.waitForMail(() => true, 10_000);
  await Promise.all([expect(waiting).rejects.toThrow('The mail server was closed.'), sink.close()]);
});

test('ends open connections when it closes, and leaves the port', async () => {
  const port = Number(new URL(sink.url).port);
  const pooled = createTransport({ host: '127.0.0.1', port, pool: true });
  await pooled.sendMail({ from: 'bot@example.com', to: 'ada@example.com', subject: 'one', text: 'x' });
  await sink.close();
  await expect(send('two')).rejects.toMatchObject({ code: 'ESOCKET' });
  sink = await startSmtpSink({ port });
  await send('three');
  expect(sink.mails).toMatchObject([{ subject: 'three' }]);
  pooled.close();
});

test('refuses to start on a port that is taken', async () => {
  const port = Number(new URL(sink.url).port);
  await expect(startSmtpSink({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
