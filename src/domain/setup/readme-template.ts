import { commandTable, usageOf, verbs } from '../commands/command-table.ts';

const commands = verbs.map((verb) => `- \`${usageOf(verb)}\` ${commandTable[verb].summary}`).join('\n');

/** The README of a new project, for the team that works in it. It names no workspace: the mapping file does, and stays true. */
export const teamReadme = `# Pipelines

The pipelines of our AIC workspaces, kept in Git. Each long-lived branch belongs to one workspace;
[branch_to_workspace.yaml](branch_to_workspace.yaml) says which.

| | |
| --- | --- |
| [config/](config) | one file for each pipeline |
| [code/](code) | its SQL and PySpark once more, for reviewers and scanners; not deployed |

## How to work

1. Work in AIC, in the workspace of \`sandbox\`.
2. Comment \`/aic feature NAME\` in an issue. The bot brings the workspace into Git and opens a merge request into \`develop\`.
3. Have it reviewed, and merge it. The bot deploys what changed to the workspace of \`develop\` and reports on the merge request.
4. Comment \`/aic release NAME "PIPELINE"\` for the pipelines that are to go into production, and do the same.
5. For a fix that can't wait: make it in the production workspace, and comment \`/aic hotfix NAME "PIPELINE"\`.

What somebody changed in AIC by hand is never overwritten silently, and no pipeline is deleted because its file is gone.
Nobody but maintainers pushes to these branches; changes come by merge requests and through the bot.

## Commands

Write them in a comment on a merge request or an issue, one a line. In an issue, add \`branch=develop\`.

${commands}

\`/aic help deploy\` explains one.
`;
