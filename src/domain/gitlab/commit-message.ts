import { inert } from '../report/escape-markdown.ts';

/** What a commit of the bot's tells of itself. */
export interface CommitStory {
  readonly verb: 'Push' | 'Bring' | 'Embed code of';
  /** The pipelines that change. */
  readonly pipelines: readonly string[];
  /** The workspace or branch that they come from. */
  readonly from: string;
  /** Where exactly they come from. */
  readonly origin: string;
  readonly by: string;
  /** The username of who decided what it holds, where somebody did. */
  readonly asker?: string | undefined;
  /** The request that asked for it: by this the commit is found again. */
  readonly request: string;
}

const mostListed = 50;

/** By what a commit of the bot's is found again. */
export interface Trailer {
  readonly request: string;
  /** Drawn for this commit alone: without it everybody could pass off a commit as the bot's. */
  readonly nonce: string;
}

/** The message of a commit: what changes, from where and for whom. Names are data, and inert. */
export function commitMessage(
  story: CommitStory,
  { nonce, ...part }: { readonly number: number; readonly of: number; readonly nonce: string },
): string {
  const { verb, pipelines, from, origin, by, asker, request } = story;
  const [one, ...others] = pipelines;
  const what = one !== undefined && others.length === 0 ? inert(one) : `${pipelines.length} pipelines`;
  const of = part.of > 1 ? ` (part ${part.number} of ${part.of})` : '';
  const listed = pipelines.slice(0, mostListed).map((name) => `- ${inert(name)}`);
  const more = pipelines.length - listed.length;
  return [
    `${verb} ${what} from ${inert(from)}${of}`,
    [...listed, ...(more > 0 ? [`- and ${more} more`] : [])].join('\n'),
    `From ${inert(origin)}, for ${inert(by)}.`,
    [...(asker === undefined ? [] : [`${askedFor}${whole(asker)}`]), `${madeFor}${request} ${nonce}`].join(
      '\n',
    ),
  ].join('\n\n');
}

/** Whether a commit of the bot's brought edited code into configs. */
export function isEmbedding(message: string): boolean {
  return message.startsWith('Embed code of ');
}

/** What the message says of itself by its last line; undefined where it says nothing, or more than that. */
export function trailerIn(message: string): Trailer | undefined {
  const lines = message.trimEnd().split('\n');
  const [line, ...others] = lines.filter((one) => one.startsWith(madeFor));
  if (line === undefined || others.length > 0 || line !== lines.at(-1)) return undefined;
  const [request, nonce, ...more] = line.slice(madeFor.length).split(' ');
  return request !== undefined && nonce !== undefined && more.length === 0 ? { request, nonce } : undefined;
}

const madeFor = 'Aic-Bot-Request: ';
const askedFor = 'Aic-Bot-For: ';

/** A username, which may have 255 characters and is harmless, in full: by it the asker is found again. An operator's name may hold anything. */
function whole(asker: string): string {
  return /^[\w.-]{1,255}$/.test(asker) ? asker : inert(asker);
}

/** The usernames for whom a commit was made, by its message, which anybody can write. */
export function askersIn(message: string): readonly string[] {
  return message
    .split('\n')
    .flatMap((line) => (line.startsWith(askedFor) ? [line.slice(askedFor.length)] : []));
}
