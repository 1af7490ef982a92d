/** What a push's commit tells of itself. */
export interface PushStory {
  /** The pipelines that change. */
  readonly pipelines: readonly string[];
  readonly workspace: string;
  readonly by: string;
  /** The request that asked for it: by this the commit is found again. */
  readonly request: string;
}

const mostListed = 50;
const longestName = 100;

/**
 * The message of a push's commit: what is pushed, from where and for whom. Names are data: GitLab would close `Fixes #3`, notify
 * `@somebody` and link `!5` in a commit's message, so a mark of no width stands behind each such sign.
 */
export function pushMessage(
  story: PushStory,
  part: { readonly number: number; readonly of: number },
): string {
  const { pipelines, workspace, by, request } = story;
  const [one, ...others] = pipelines;
  const what = one !== undefined && others.length === 0 ? plain(one) : `${pipelines.length} pipelines`;
  const of = part.of > 1 ? ` (part ${part.number} of ${part.of})` : '';
  const listed = pipelines.slice(0, mostListed).map((name) => `- ${plain(name)}`);
  const more = pipelines.length - listed.length;
  return [
    `Push ${what} from ${plain(workspace)}${of}`,
    [...listed, ...(more > 0 ? [`- and ${more} more`] : [])].join('\n'),
    `Pushed from the AIC workspace ${plain(workspace)} for ${plain(by)}.`,
    trailerOf(request),
  ].join('\n\n');
}

/** The line by which the commits of a request are found again. */
function trailerOf(request: string): string {
  return `Aic-Bot-Request: ${request}`;
}

/** Data as one line of a commit's message that GitLab reads nothing into. */
function plain(text: string): string {
  const line = text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  const cut = line.length > longestName ? `${line.slice(0, longestName).toWellFormed()}…` : line;
  return cut.replaceAll(/[@#!$&%~[]|(?<=:)(?=\/\/)/g, (sign) => `${sign}\u2060`);
}
