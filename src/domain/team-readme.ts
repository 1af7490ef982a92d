import { commandTable, usageOf, verbs } from './command-table.ts';

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
2. Bring it into Git: comment \`/aic push branch=sandbox\` in an issue.
3. Open a merge request into \`develop\`, have it reviewed, merge it. The bot deploys what changed to the workspace of \`develop\`
   and reports on the merge request.
4. Do the same from \`develop\` into the branch of production.

What somebody changed in AIC by hand is never overwritten silently, and no pipeline is deleted because its file is gone.
Nobody but maintainers pushes to these branches; changes come by merge requests and through the bot.

## Commands

Write them in a comment on a merge request or an issue, one a line. In an issue, add \`branch=develop\`.

${commands}

\`/aic help deploy\` explains one.
`;
