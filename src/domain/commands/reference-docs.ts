import { commandTable, usageOf, verbs, type Verb } from './command-table.ts';
import { defaultPermissions } from '../mapping/parse-mapping.ts';

/** The reference of the commands as Markdown. */
export function commandDocs(): string {
  return `${[intro, ...verbs.map(section)].join('\n\n')}\n`;
}

const intro = `# Commands

A command begins a line of a comment on a merge request or an issue, one a line, up to 20 in a comment. Names with spaces stand in quotation marks; within them a backslash stands before a quotation mark that belongs to the name. Upper and lower case of the command itself do not matter. Lines in code, quotations, lists and HTML command nothing, nor do edited comments. All commands of a comment get one answer. Only the first 4,000 characters of a comment are looked at.

The access levels are the defaults; \`permissions:\` in \`branch_to_workspace.yaml\` sets others. Only members of the project get an answer.`;

function section(verb: Verb): string {
  const { summary, right, words, details, examples } = commandTable[verb];
  const level =
    right === undefined ? 'every member' : `\`${defaultPermissions[right]}\` and up (right \`${right}\`)`;
  const forced = words.includes('force')
    ? `; with \`force\`: \`${defaultPermissions.force}\` and up (right \`force\`)`
    : '';
  return [
    `## ${verb}`,
    `\`${usageOf(verb)}\` ${summary}.`,
    `Who: ${level}${forced}.`,
    ...details,
    `\`\`\`\n${examples.join('\n')}\n\`\`\``,
  ].join('\n\n');
}
