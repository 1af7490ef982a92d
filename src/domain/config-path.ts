export function configPath(name: string): string { return `config/${encodeURIComponent(name).replaceAll('%20', ' ').replaceAll('.', '%2E')}.json`; }
export function pipelineName(path: string): string | undefined {
  const m = /^config\/(.+)\.json$/.exec(path);
  try { return m?.[1] === undefined ? undefined : decodeURIComponent(m[1]); } catch { return m?.[1]; }
}
