import { inert } from './inert-text.ts';

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

/** The message of a commit: what changes, from where and for whom. Names are data, and inert. */
export function commitMessage(
  story: CommitStory,
  part: { readonly number: number; readonly of: number },
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
    [...(asker === undefined ? [] : [`${askedFor}${inert(asker)}`]), trailerOf(request)].join('\n'),
  ].join('\n\n');
}

/** Whether a commit brought edited code into configs. */
export function isEmbedding(message: string): boolean {
  return message.startsWith('Embed code of ') && message.includes(`\n${trailerOf('')}`);
}

/** Whether a commit was made for the request. */
export function isOfRequest(message: string, request: string): boolean {
  return message.split('\n').includes(trailerOf(request));
}

const askedFor = 'Aic-Bot-For: ';

/** The usernames for whom a commit was made, by its message, which anybody can write. */
export function askersIn(message: string): readonly string[] {
  return message
    .split('\n')
    .flatMap((line) => (line.startsWith(askedFor) ? [line.slice(askedFor.length)] : []));
}

function trailerOf(request: string): string {
  return `Aic-Bot-Request: ${request}`;
}
