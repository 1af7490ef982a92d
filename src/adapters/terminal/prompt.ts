import search from '@inquirer/search';

import type { Ask } from '../../domain/setup/ask.ts';
import { phrase } from '../../domain/report/phrase.ts';
import { plain } from '../../domain/report/text.ts';

/** Where questions are shown and answers are typed. */
interface PromptStreams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/** Asks at the terminal: a list that grows shorter while one types. Ctrl-C means that nothing is chosen. */
export function createPrompt({ input, output }: PromptStreams): Ask {
  return async (question, names) => {
    const choices = names.map((name) => ({ value: name, name: shown(name) }));
    const source = (term = '') =>
      choices.filter(({ name }) => name.toLowerCase().includes(term.trim().toLowerCase()));
    try {
      return await search({ message: shown(question), source, pageSize: 12 }, { input, output });
    } catch (error) {
      if (error instanceof Error && error.name === 'ExitPromptError') return undefined;
      throw error;
    }
  };
}

/** Without anything that could steer the terminal. */
function shown(text: string): string {
  return plain(phrase`${text}`);
}
