import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';

import { until } from '../../../demo/person.ts';
import { createPrompt } from '../../../src/adapters/terminal/prompt.ts';

/** A question, and what is on the screen so far. */
function ask(names: readonly string[]) {
  const input = new PassThrough();
  const output = new PassThrough();
  let screen = '';
  output.on('data', (chunk) => (screen += String(chunk)));
  const answer = createPrompt({ input, output })('Workspace of main', names);
  const shows = (text: string) =>
    until(text, () => (stripVTControlCharacters(screen).includes(text) ? true : undefined), 5_000);
  return { input, answer, shows, raw: () => screen };
}

it('offers the names, and takes the one that is chosen', async () => {
  const { input, answer, shows } = ask(['PIN PROD', 'PIN QA']);
  await shows('PIN QA');
  input.write('\u001B[B\r');
  expect(await answer).toBe('PIN QA');
});

it('shortens the list to what is typed, whatever the case', async () => {
  const { input, answer, shows } = ask(['PIN PROD', 'PIN QA', 'PIN DEV']);
  await shows('PIN DEV');
  input.write('dev');
  await shows('❯ PIN DEV');
  input.write('\r');
  expect(await answer).toBe('PIN DEV');
});

it('takes Ctrl-C for no answer', async () => {
  const { input, answer, shows } = ask(['PIN PROD']);
  await shows('PIN PROD');
  input.write('\u0003');
  expect(await answer).toBeUndefined();
});

it('lets no name steer the terminal, and gives it back as it is', async () => {
  const hostile = 'PIN \u001B]0;title\u0007\u001B[2J';
  const { input, answer, shows, raw } = ask([hostile]);
  await shows('PIN');
  expect(raw()).not.toContain('\u001B]0;');
  expect(raw()).not.toContain('\u001B[2J');
  input.write('\r');
  expect(await answer).toBe(hostile);
});
