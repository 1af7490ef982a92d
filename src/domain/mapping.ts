export interface WorkspaceTarget { readonly name: string; readonly aicProject: string | undefined; readonly environment: 'prod' | 'qa'; readonly drift: 'block' | 'overwrite'; readonly variables: ReadonlyMap<string, string>; readonly notify: readonly string[] }
export interface Mapping { readonly raw: Record<string, any>; readonly directPush: 'report' | 'deploy' | 'ignore' }
export function lookup(m: Mapping, branch: string): { rule: 'none' } | { rule: 'exact' | 'prefix' | 'built-in'; key: string; workspace: WorkspaceTarget; automatic: boolean } {
  const map = m.raw['mapping'] as Record<string, string>;
  const key = branch in map ? branch : Object.keys(map).filter((k) => k.endsWith('/*') && branch.startsWith(k.slice(0, -1))).sort((a, b) => b.length - a.length)[0];
  if (!key) return { rule: 'none' };
  const name = map[key]!;
  const w = m.raw['workspaces']?.[name] ?? {};
  return { rule: 'exact', key, automatic: true, workspace: { name, aicProject: m.raw['aic']?.project, environment: w.environment ?? 'prod', drift: w.drift ?? 'block', variables: new Map(Object.entries(w.variables ?? {})), notify: w.notify ?? [] } };
}
