/** Where a project is: its group's path, and its own name in it. */
export interface ProjectPath {
  readonly group: string;
  readonly name: string;
}

/** GitLab's rules for a part of a path (https://docs.gitlab.com/user/reserved_names/). */
const part = /^(?![-.])(?!.*[-.]$)(?!.*\.(?:git|atom)$)[A-Za-z0-9_.-]{1,255}$/;

/** The parts of `group/subgroup/project`; undefined for what cannot be the path of a project in a group. */
export function projectPath(text: string): ProjectPath | undefined {
  const parts = text.replace(/^\/|\/$/g, '').split('/');
  const name = parts.pop() ?? '';
  if (parts.length === 0 || ![...parts, name].every((each) => part.test(each))) return undefined;
  return { group: parts.join('/'), name };
}
