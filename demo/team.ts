import { configPath } from '../src/domain/pipeline/config-path.ts';
import { personAt } from './person.ts';
import { pipelinesBefore, type DemoContent } from './pipelines.ts';
import type { World } from './world.ts';

export const aicProject = 'PIN ANALYTICS';

export const workspaces = {
  main: 'PIN FUSION 2.0',
  develop: 'PIN FUSION 2.0 QA',
  sandbox: 'PIN FUSION 2.0 DEV',
} as const;

/** Datasets with their tables, as the pipelines use them. */
const tables = [
  ['sales', 'transactions'],
  ['fleet', 'vehicles'],
  ['claims', 'raw'],
  ['crm', 'leads'],
] as const;

const mapping = `mapping:
  main: ${workspaces.main}
  develop: ${workspaces.develop}
  sandbox: ${workspaces.sandbox}
aic:
  project: ${aicProject}
workspaces:
  ${workspaces.develop}:
    notify: [qa-leads@example.com]
`;

/** A team that works with the bot: a project with three long-lived branches, three workspaces, two people. */
export interface Team {
  readonly projectId: number;
  readonly projectPath: string;
  readonly developer: { readonly id: number; readonly token: string };
  readonly maintainer: { readonly id: number; readonly token: string };
}

/** Sets the team up: what the branches hold, the workspaces hold too, under ids of their own. */
export async function addTeam({ gitlab, aic, bot }: World): Promise<Team> {
  const developer = gitlab.addUser({ username: 'jane', name: 'Jane Okafor' });
  const maintainer = gitlab.addUser({ username: 'omar', name: 'Omar Reyes' });
  const projectPath = 'pin/pin-analytics/pin-fusion-2.0';
  const project = await gitlab.addProject(projectPath, { defaultBranch: 'main' });
  gitlab.addMember(project.id, bot.id, 40);
  gitlab.addMember(project.id, developer.id, 30);
  gitlab.addMember(project.id, maintainer.id, 40);

  aic.addProject(aicProject);
  const files: Record<string, string> = {
    'branch_to_workspace.yaml': mapping,
    'README.md': '# PIN FUSION 2.0\n',
  };
  for (const [name, content] of Object.entries(pipelinesBefore)) Object.assign(files, filesOf(name, content));
  await gitlab.commitFiles(project.id, 'main', 'Keep the pipelines in Git', files);
  const omar = personAt(gitlab.url, maintainer.token);
  for (const branch of ['develop', 'sandbox']) {
    await omar.call('POST', `/projects/${project.id}/repository/branches?branch=${branch}&ref=main`);
  }
  for (const workspace of Object.values(workspaces)) {
    aic.addWorkspace(aicProject, workspace);
    for (const [dataset, table] of tables) {
      aic.addDataset(aicProject, workspace, dataset);
      aic.addTable(aicProject, workspace, dataset, table);
    }
    aic.addDrive(aicProject, workspace, 'backups');
    for (const [name, content] of Object.entries(pipelinesBefore))
      aic.putPipeline(aicProject, workspace, name, content);
  }
  return { projectId: project.id, projectPath, developer, maintainer };
}

/** The files of one pipeline: its config, and its code once more for reviewers and scanners. */
export function filesOf(name: string, content: DemoContent): Readonly<Record<string, string>> {
  const config = `${JSON.stringify({ title: name, ...content }, null, 2)}\n`;
  return { [configPath(name)]: config, ...codeOf(`code/${name}`, content) };
}

function codeOf(folder: string, value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  const task = value as {
    readonly id?: string;
    readonly type?: string;
    readonly config?: Record<string, string>;
  };
  const files: Record<string, string> = {};
  if (task.type === 'SQL') files[`${folder}/${task.id}.sql`] = task.config?.['query']?.trim() ?? '';
  if (task.type === 'PYSPARK') {
    const script = task.config?.['script'] ?? '';
    files[`${folder}/${task.id}.py`] = script;
    for (const [index, [, block = '']] of [...script.matchAll(/"""([\s\S]*?)"""/g)].entries()) {
      files[`${folder}/${task.id}_${index + 1}.sql`] = block.trim();
    }
  }
  return Object.assign(files, ...Object.values(value).map((child) => codeOf(folder, child)));
}
