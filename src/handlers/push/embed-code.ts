import { isExtracted, pipelineOfCodePath } from '../../domain/pipeline/code-files.ts';
import { configPath, pipelineName } from '../../domain/pipeline/config-path.ts';
import { embed } from '../../domain/pipeline/embed-code.ts';
import type { EmbedItem } from '../../domain/pipeline/embed-report.ts';
import type { MergeRequest } from '../../domain/gitlab/merge-request.ts';
import type { Project } from '../../domain/gitlab/project.ts';
import type { CommitSha } from '../../domain/shared/ids.ts';
import { unknownNames, type Unknown } from '../../domain/shared/suggest-names.ts';
import { maxConfigBytes } from '../../domain/pipeline/config.ts';
import { asReason, type Reason } from '../../domain/report/reason.ts';
import type { FileChange } from '../../domain/gitlab/repository.ts';
import { fail, ok, type Result } from '../../domain/shared/result.ts';
import { commitChanges } from './commit-changes.ts';
import { madeOnto, ownCommit } from '../shared/own-commit.ts';
import type { BranchPorts } from '../shared/ports.ts';

export interface EmbedWish {
  readonly project: Project;
  /** An open one whose source branch is in the project. */
  readonly request: MergeRequest;
  /** Only these; empty: all whose code it changes. */
  readonly pipelines: readonly string[];
  /** Whether pipelines are left alone whose configs it changes, too. */
  readonly onlyUnchangedConfigs: boolean;
  readonly by: string;
  /** What tells this request apart for ever. */
  readonly id: string;
}

/** What was embedded, or the names that the merge request knows nothing of; `moved`: somebody committed again and again meanwhile. */
export type Embedding =
  | {
      readonly kind: 'embedded';
      readonly items: readonly EmbedItem[];
      readonly commits: readonly CommitSha[];
    }
  | { readonly kind: 'unknown'; readonly unknown: Unknown }
  | { readonly kind: 'moved' };

/** So often it begins anew because somebody committed meanwhile. */
const mostTries = 5;

/**
 * Writes the code that a merge request edits into its configs, in one commit on its source branch. Nobody's commit is overwritten: a branch that moves is
 * read again. Where code and configs agree because this request's commit is there already, from a run that was cut off, that is what was embedded.
 */
export async function embedCode(ports: BranchPorts, wish: EmbedWish): Promise<Result<Embedding, Reason>> {
  for (let tries = 1; tries <= mostTries; tries += 1) {
    const done = await tryToEmbed(ports, wish);
    if (!done.ok || done.value.kind !== 'moved') return done;
  }
  return ok({ kind: 'moved' });
}

async function tryToEmbed(ports: BranchPorts, wish: EmbedWish): Promise<Result<Embedding, Reason>> {
  const { project, request, by, id } = wish;
  const head = asReason(await ports.gitlab.head(project.id, request.source));
  if (!head.ok) return head;
  const at = head.value;
  if (at === undefined) return fail({ kind: 'no-branch', branch: request.source });
  const edited = await editsAt(ports, wish, at);
  if (!edited.ok) return edited;
  if (edited.value.kind === 'unknown') return ok(edited.value);
  const { items, edits } = edited.value;
  if (items.length > 0 && edits.length === 0) {
    const earlier = await embeddedEarlier(ports, wish, at);
    if (!earlier.ok) return earlier;
    if (earlier.value !== undefined) return ok(earlier.value);
  }
  const made = asReason(
    await commitChanges(ports, {
      projectId: project.id,
      branch: request.source,
      onto: at,
      isNew: false,
      story: {
        verb: 'Embed code of',
        pipelines: items.flatMap((item) => (item.kind === 'embedded' ? [item.pipeline] : [])),
        from: 'code/',
        origin: `code/ at ${at}`,
        by,
        request: id,
      },
      changes: [edits],
    }),
  );
  if (!made.ok) return made;
  return made.value === 'moved'
    ? ok({ kind: 'moved' })
    : ok({ kind: 'embedded', items, commits: made.value.commits });
}

/** What a run of the same request embedded that was cut off behind its commit; undefined where the branch does not end with that commit. */
async function embeddedEarlier(
  ports: BranchPorts,
  wish: EmbedWish,
  head: CommitSha,
): Promise<Result<Embedding | undefined, Reason>> {
  const { project, request, id } = wish;
  const key = { projectId: project.id, branch: request.source };
  const onto = await madeOnto(ports, key, { commit: head, request: id });
  if (!onto.ok) return onto;
  if (onto.value === undefined) return ok(undefined);
  const edited = await editsAt(ports, wish, onto.value);
  if (!edited.ok) return edited;
  if (edited.value.kind === 'unknown') return ok(undefined);
  return ok({ kind: 'embedded', items: edited.value.items, commits: [head] });
}

type Edited =
  | { readonly kind: 'edits'; readonly items: readonly EmbedItem[]; readonly edits: readonly FileChange[] }
  | Extract<Embedding, { kind: 'unknown' }>;

/** What embedding would change at a commit of the source branch. */
async function editsAt(ports: BranchPorts, wish: EmbedWish, at: CommitSha): Promise<Result<Edited, Reason>> {
  const { project, request, pipelines } = wish;
  if (request.base === undefined) return fail({ kind: 'no-branch', branch: request.source });
  const changes = asReason(await ports.gitlab.changes(project.id, request.base, at, ['config', 'code']));
  if (!changes.ok) return changes;
  const paths = changes.value?.paths ?? [];
  const code = codeByPipeline(paths);
  const unknown = unknownNames(pipelines, [...code.keys()]);
  if (unknown.length > 0) return ok({ kind: 'unknown', unknown });
  const wanted = [...code].filter(([name]) => pipelines.length === 0 || pipelines.includes(name));
  const chosen: typeof wanted = [];
  for (const one of wanted) {
    const isOwn = wish.onlyUnchangedConfigs ? await isUntouched(ports, wish, at, one[0], paths) : ok(true);
    if (!isOwn.ok) return isOwn;
    if (isOwn.value) chosen.push(one);
  }
  const items: EmbedItem[] = [];
  const edits: FileChange[] = [];
  for (const [pipeline, its] of chosen) {
    const one = await embedOne(ports, { project, at, pipeline, paths: its });
    if (!one.ok) return one;
    if (one.value.item !== undefined) items.push(one.value.item);
    if (one.value.change !== undefined) edits.push(one.value.change);
  }
  return ok({ kind: 'edits', items, edits });
}

/** Whether nobody edited the config of a pipeline: the merge request leaves it alone, or what changed it last was embedding. */
async function isUntouched(
  ports: BranchPorts,
  { project, request: { source } }: EmbedWish,
  at: CommitSha,
  pipeline: string,
  changed: readonly string[],
): Promise<Result<boolean, Reason>> {
  const path = changed.find((one) => pipelineName(one) === pipeline);
  if (path === undefined) return ok(true);
  const commits = asReason(await ports.gitlab.history(project.id, at, path, 1));
  if (!commits.ok) return commits;
  const [last] = commits.value;
  const key = { projectId: project.id, branch: source };
  const own = last === undefined ? ok(undefined) : await ownCommit(ports, key, last);
  return own.ok ? ok(own.value?.isEmbedding === true) : own;
}

function codeByPipeline(paths: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const code = new Map<string, string[]>();
  for (const path of paths) {
    const name = isExtracted(path) ? pipelineOfCodePath(path) : undefined;
    if (name !== undefined) code.set(name, [...(code.get(name) ?? []), path]);
  }
  return code;
}

interface One {
  /** Undefined where the code has no config, or is gone. */
  readonly item: EmbedItem | undefined;
  readonly change: FileChange | undefined;
}

async function embedOne(
  { gitlab }: BranchPorts,
  {
    project,
    at,
    pipeline,
    paths,
  }: {
    readonly project: Project;
    readonly at: CommitSha;
    readonly pipeline: string;
    readonly paths: readonly string[];
  },
): Promise<Result<One, Reason>> {
  const read = async (path: string): Promise<Result<string | undefined, Reason>> => {
    const file = asReason(await gitlab.file(project.id, path, at, { mostBytes: maxConfigBytes }));
    if (!file.ok) return file;
    if (file.value.kind === 'too-large')
      return fail({ kind: 'large-config', path, mostBytes: file.value.mostBytes });
    const text = file.value.kind === 'text' ? file.value.text : undefined;
    return text?.includes('\uFFFD') === true ? fail({ kind: 'not-text', path }) : ok(text);
  };
  const failed = (mistake: Reason): Result<One, Reason> =>
    mistake.kind === 'upstream'
      ? fail(mistake)
      : ok({ item: { kind: 'failed', pipeline, mistake }, change: undefined });
  const path = configPath(pipeline);
  const config = await read(path);
  if (!config.ok) return failed(config.failure);
  if (config.value === undefined) return ok({ item: undefined, change: undefined });
  const files = new Map<string, string>();
  for (const code of paths) {
    const text = await read(code);
    if (!text.ok) return failed(text.failure);
    if (text.value !== undefined) files.set(code, text.value);
  }
  const done = embed(pipeline, config.value, files);
  if (!done.ok) return ok({ item: { kind: 'failed', pipeline, mistake: done.failure }, change: undefined });
  const { text, paths: embedded } = done.value;
  const isSame = embedded.length === 0;
  return ok({
    item: { kind: isSame ? 'same' : 'embedded', pipeline, paths: isSame ? [...files.keys()] : embedded },
    change: isSame ? undefined : { kind: 'update', path, content: text },
  });
}
