import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveHttp, type HttpServer } from '../http-server.ts';
import { notifyTokenExpiry } from './access-token-event.ts';
import { createGitLabApp } from './app.ts';
import { commitTo } from './commit-service.ts';
import type { Pipeline } from './commit-status.ts';
import { moveBranch, type FileChange, type Person } from './commit-writer.ts';
import { defaultDiffLimits, type DiffLimits } from './diffs.ts';
import type { Group } from './group.ts';
import { createInstance } from './instance.ts';
import { mergeRequestIn } from './merge-request-routes.ts';
import { accessLevels, type AutomaticRebase, type MergeMethod, type Project } from './project.ts';
import { maintainersOnly } from './protected-branch.ts';
import { afterPush, recordPush } from './pushes.ts';
import type { RanQuickAction } from './quick-actions.ts';
import type { Token } from './tokens.ts';
import type { NewUser, User } from './users.ts';
import type { Delivery } from './webhooks.ts';

/** An account and a token that speaks for it. */
interface Account {
  readonly id: number;
  readonly username: string;
  readonly token: string;
}

interface CommitFilesOptions {
  /** Who pushes; the administrator by default. */
  readonly user?: string | number;
  readonly author?: Person;
  /** Where a new branch begins; the default branch when left out. */
  readonly startBranch?: string;
  /** False: no webhook, and open merge requests are not brought up to date. */
  readonly hooks?: boolean;
}

/**
 * A GitLab over real bare repositories. Its API is at `${url}/api/v4`. The methods set things up and look inside
 * without HTTP; a project is named by its number or its path, a user by his number or his name, and they throw for
 * what does not exist.
 */
export interface GitLabServer extends HttpServer {
  /** Owns every project that `addProject` makes. */
  readonly admin: Account;
  addUser(user: NewUser): Account;
  /** Makes the group and those above it where they are missing; the administrator owns the first of them. */
  addGroup(path: string): { readonly id: number };
  addGroupMember(path: string, user: string | number, accessLevel: number): void;
  /** Its groups are made with it. */
  addProject(
    pathWithNamespace: string,
    options?: { readonly defaultBranch?: string; readonly mergeMethod?: MergeMethod },
  ): Promise<{ readonly id: number; readonly path: string }>;
  addMember(project: string | number, user: string | number, accessLevel: number): void;
  /** Takes away what the project itself gives the user; groups may give it still. */
  removeMember(project: string | number, user: string | number): void;
  blockUser(user: string | number): void;
  /** Makes a merge request one from a fork: from the branch of this name in another project. */
  setSourceProject(project: string | number, iid: number, source: string | number): void;
  setVisibility(
    project: string | number,
    visibility: Project['visibility'],
    repositoryAccess?: Project['repositoryAccess'],
  ): void;
  setMergeMethod(project: string | number, method: MergeMethod, automaticRebase?: AutomaticRebase): void;
  /** Lets a merge request be as while GitLab is merging it. */
  lockMergeRequest(project: string | number, iid: number, on: boolean): void;
  /** Whether hooks that fail again and again are switched off, as on GitLab.com; not by default. */
  disableFailingHooks(on: boolean): void;
  /** Lets the deliveries be sent again that were too many for this minute. */
  forgetResends(): void;
  /** Lets a comment be as if somebody else had written it, or something else. */
  rewriteNote(
    project: string | number,
    note: number,
    as: { readonly author: number; readonly body: string },
  ): void;
  /** Gives a token another end, such as `2027-03-01`, or with undefined none. */
  setTokenExpiry(token: string, expiresOn: string | undefined): void;
  setTokenScopes(token: string, scopes: readonly string[]): void;
  /** Reports that the token ends soon to the hooks of the project, as if it were an access token of that project. */
  announceTokenExpiry(project: string | number, token: string): void;
  /** Only maintainers push to it and merge into it; the default branch is protected from the start. */
  protectBranch(project: string | number, branch: string): void;
  /** What the answers about differences leave out; without an argument back to what a self-managed GitLab has. */
  setDiffLimits(limits?: Partial<DiffLimits>): void;
  /** Lets a pipeline have run for the commit, after which nothing of it changes. It is of the branch, and began with a push, where nothing else is given. */
  addPipeline(
    project: string | number,
    commit: string,
    pipeline: Omit<Pipeline, 'id' | 'commit' | 'source'> & { readonly source?: string },
  ): void;
  /** Whether the answer about approvals has their times: older GitLabs tell none. */
  setTellsApprovalTimes(project: string | number, on: boolean): void;
  /** Whether approvals are removed when commits are added, which takes GitLab Premium. */
  setResetsApprovals(project: string | number, on: boolean): void;
  setCiConfigPath(project: string | number, path: string): void;
  /** Has the next commit statuses refused because of another update at the same time. */
  refuseStatuses(count: number): void;
  /** Moves a branch to a commit that the repository has, as `git push` does. */
  pushAs(project: string | number, user: string | number, branch: string, commit: string): Promise<void>;
  /** One commit with any number of files, null for those that go; the commit's id. */
  commitFiles(
    project: string | number,
    branch: string,
    message: string,
    files: Readonly<Record<string, string | null>>,
    options?: CommitFilesOptions,
  ): Promise<string>;
  /** As UTF-8; undefined when there is no such file. */
  readFile(project: string | number, ref: string, path: string): Promise<string | undefined>;
  /** The commit that a branch, tag or id means. */
  commitId(project: string | number, ref: string): Promise<string | undefined>;
  /** Where the bare repository lies. */
  directoryOf(project: string | number): string;
  /** Every command that GitLab took out of a text. */
  readonly quickActions: readonly RanQuickAction[];
  /** The webhooks that were sent, in the order in which they ended. */
  readonly deliveries: readonly Delivery[];
  /** Resolves when no webhook is on its way. */
  deliveriesSettled(): Promise<void>;
}

export interface GitLabOptions {
  readonly port?: number;
  /** Where the repositories lie; a fresh temporary folder by default, which goes when the server closes. */
  readonly directory?: string;
  /** How long a webhook may take; 10 seconds by default, as on GitLab.com. */
  readonly webhookTimeoutMs?: number;
}

/** Starts a GitLab without projects on 127.0.0.1. */
export async function startGitLab(options: GitLabOptions = {}): Promise<GitLabServer> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'gitlab-')));
  let url = '';
  const instance = createInstance({
    directory,
    url: () => url,
    now: () => new Date(),
    webhookTimeoutMs: options.webhookTimeoutMs ?? 10_000,
  });
  const { users, tokens, projects, webhooks } = instance;

  function projectNamed(name: string | number): Project {
    const found = projects.find(name);
    if (found === undefined) throw new Error(`There is no project ${name}.`);
    return found;
  }

  function userNamed(name: string | number): User {
    const found = typeof name === 'number' ? users.byId(name) : users.byName(name);
    if (found === undefined) throw new Error(`There is no user ${name}.`);
    return found;
  }

  function tokenNamed(secret: string): Token {
    const found = tokens.bySecret(secret);
    if (found === undefined) throw new Error('There is no such token.');
    return found;
  }

  function addUser(given: NewUser): Account {
    const user = users.add(given);
    return { id: user.id, username: user.username, token: tokens.add(user).secret };
  }

  function addGroup(path: string): Group {
    const group = instance.groups.add(path);
    let top = group;
    while (top.parent !== undefined) top = top.parent;
    addMemberTo(top.members, admin.id, accessLevels.owner);
    return group;
  }

  function addMemberTo(members: Project['members'], user: string | number, accessLevel: number): void {
    const member = { user: userNamed(user), accessLevel, createdAt: instance.now() };
    members.set(member.user.id, member);
  }

  const admin = addUser({ username: 'root', name: 'Administrator' });
  const http = await serveHttp(createGitLabApp(instance), options);
  url = http.url;

  return {
    ...http,
    admin,
    addUser,
    addGroup,
    addGroupMember(path, user, accessLevel) {
      const group = instance.groups.find(path);
      if (group === undefined) throw new Error(`There is no group ${path}.`);
      addMemberTo(group.members, user, accessLevel);
    },
    async addProject(path, { defaultBranch = 'main', mergeMethod = 'merge' } = {}) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      const creator = userNamed(admin.id);
      const group = addGroup(path.slice(0, path.lastIndexOf('/')));
      const about = { description: null, visibility: 'private', defaultBranch } as const;
      const project = await projects.add({ path, name, group, creator, ...about });
      addMemberTo(project.members, admin.id, accessLevels.owner);
      project.mergeMethod = mergeMethod;
      return { id: project.id, path };
    },
    addMember(project, user, accessLevel) {
      addMemberTo(projectNamed(project).members, user, accessLevel);
    },
    removeMember(project, user) {
      projectNamed(project).members.delete(userNamed(user).id);
    },
    blockUser(user) {
      userNamed(user).isBlocked = true;
    },
    setSourceProject(project, iid, source) {
      mergeRequestIn(projectNamed(project), String(iid)).sourceProject = projectNamed(source).id;
    },
    disableFailingHooks(on) {
      instance.failingHooksAreDisabled = on;
    },
    rewriteNote(name, id, { author, body }) {
      const { mergeRequests, issues } = projectNamed(name);
      for (const { notes } of [...mergeRequests, ...issues]) {
        const index = notes.findIndex((note) => note.id === id);
        const note = notes[index];
        if (note !== undefined) notes[index] = { ...note, author: userNamed(author), body };
      }
    },
    forgetResends: () => instance.resends.forget(),
    setMergeMethod(name, method, automaticRebase = 'off') {
      const project = projectNamed(name);
      project.mergeMethod = method;
      project.automaticRebase = automaticRebase;
    },
    lockMergeRequest(project, iid, on) {
      mergeRequestIn(projectNamed(project), String(iid)).isLocked = on;
    },
    setVisibility(name, visibility, repositoryAccess = 'enabled') {
      const project = projectNamed(name);
      project.visibility = visibility;
      project.repositoryAccess = repositoryAccess;
    },
    setTokenExpiry(token, expiresOn) {
      tokenNamed(token).expiresOn = expiresOn;
    },
    setTokenScopes(token, scopes) {
      tokenNamed(token).scopes = scopes;
    },
    announceTokenExpiry(project, token) {
      notifyTokenExpiry(instance, projectNamed(project), tokenNamed(token));
    },
    protectBranch(project, branch) {
      const rule = maintainersOnly(instance.nextId(), branch);
      projectNamed(project).protectedBranches.set(branch, rule);
    },
    setDiffLimits(limits = {}) {
      instance.diffLimits = { ...defaultDiffLimits, ...limits };
    },
    addPipeline(name, commit, { source = 'push', ...pipeline }) {
      projectNamed(name).pipelines.push({ ...pipeline, id: instance.nextId(), commit, source });
    },
    setTellsApprovalTimes(project, on) {
      projectNamed(project).tellsApprovalTimes = on;
    },
    setResetsApprovals(project, on) {
      projectNamed(project).resetsApprovals = on;
    },
    setCiConfigPath(project, path) {
      projectNamed(project).ciConfigPath = path;
    },
    refuseStatuses(count) {
      instance.busyStatuses = count;
    },
    async pushAs(name, user, branch, after) {
      const project = projectNamed(name);
      const { repository } = project;
      const before = await repository.head(branch);
      await repository.exclusive(() => moveBranch(repository.directory, branch, before, after));
      await afterPush(instance, project, { user: userNamed(user), branch, before, after });
    },
    async commitFiles(name, branch, message, files, { user = admin.id, author, startBranch, hooks } = {}) {
      const project = projectNamed(name);
      const { repository } = project;
      const changes = Object.entries(files).map(([path, text]): FileChange =>
        text === null
          ? { kind: 'remove', path }
          : { kind: 'write', path, content: Buffer.from(text), mode: '100644' },
      );
      const isNew = (await repository.head(branch)) === undefined;
      const hasMain = (await repository.head(project.defaultBranch)) !== undefined;
      const start = isNew && hasMain ? (startBranch ?? project.defaultBranch) : undefined;
      const request = { branch, startBranch: start, message, author, changes: async () => changes };
      const push = await commitTo(project, userNamed(user), request, instance.now());
      if (hooks === false) recordPush(instance, project, push);
      else await afterPush(instance, project, push);
      return push.after;
    },
    async readFile(name, ref, path) {
      const { repository } = projectNamed(name);
      const commit = await repository.resolve(ref);
      if (commit === undefined) return undefined;
      const found = await repository.objects.read(`${commit}:${path}`);
      return found?.type === 'blob' ? found.content.toString() : undefined;
    },
    commitId: async (name, ref) => projectNamed(name).repository.resolve(ref),
    directoryOf: (name) => projectNamed(name).repository.directory,
    quickActions: instance.quickActions,
    deliveries: webhooks.deliveries,
    deliveriesSettled: () => webhooks.settled(),
    async close() {
      await http.close();
      await webhooks.close();
      await Promise.all(projects.all().map(({ repository }) => repository.close()));
      if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}
