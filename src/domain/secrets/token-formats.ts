/**
 * Tokens that are known by their form, whatever stands around them. The forms are those that the providers document; each begins with letters
 * of its own, so that nothing else is taken for one. Every count has an upper bound, and a character class stands next to none of its own kind: a
 * search takes one pass.
 */
const forms: readonly string[] = [
  // GitLab: https://docs.gitlab.com/security/tokens/#token-prefixes
  'gl(?:pat|oas|dt|rt|rtr|cbt|ptt|ft|imt|agent|wt|soat|ffct)-[\\w.-]{10,300}',
  // GitLab, for runners of before 17.0
  'GR1348941[\\w-]{10,60}',
  // GitHub: https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
  'gh[pousr]_\\w{20,255}',
  'github_pat_\\w{20,255}',
  // AWS: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
  '(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{12,20}(?![A-Za-z0-9])',
  // Google: API keys, OAuth tokens and secrets
  'AIza[\\w-]{30,50}',
  'ya29\\.[\\w-]{20,500}',
  'GOCSPX-[\\w-]{20,50}',
  // Slack: https://api.slack.com/authentication/token-types
  'xox[a-z](?:\\.xox[a-z])?-[\\w-]{10,300}',
  'xapp-[\\w-]{10,300}',
  'hooks\\.slack\\.com/(?:services|workflows|triggers)/[\\w/-]{10,200}',
  // JSON Web Tokens, RFC 7519: a header and a body that are JSON in base64
  'eyJ[\\w-]{5,4000}\\.eyJ[\\w-]{5,8000}(?:\\.[\\w-]{1,2000})?',
  // Databricks, Snowflake's and others' services that pipelines call
  'dapi[a-f0-9]{32}(?:-\\d)?',
  '(?:sk|rk|pk)_(?:live|test)_\\w{10,200}',
  'sk-(?:proj-|svcacct-|admin-|ant-)?[\\w-]{20,300}',
  'SG\\.[\\w-]{16,64}\\.[\\w-]{16,128}',
  'npm_\\w{30,60}',
  'pypi-[\\w-]{50,500}',
  'dckr_pat_[\\w-]{20,60}',
  'hf_[A-Za-z]{30,50}',
  'gsk_\\w{40,80}',
  'glsa_\\w{30,60}',
  'hv[sbr]\\.[\\w-]{20,300}',
  'shp(?:at|ca|pa|ss)_[A-Za-z0-9]{20,64}',
  'dop_v1_[a-f0-9]{40,80}',
  'whsec_[\\w+/=-]{20,200}',
  'PMAK-[\\w-]{30,100}',
  'AGE-SECRET-KEY-1[A-Z0-9]{40,70}',
];

/** Sticky, for a place where `tokenStart` found one's beginning. */
export const knownToken = new RegExp(`(?:${forms.join('|')})`, 'y');

/** The beginnings of the forms, as alternatives of a regular expression. */
export const tokenStart =
  'gl(?:pat|oas|dt|rt|rtr|cbt|ptt|ft|imt|agent|wt|soat|ffct)-|GR1348941|gh[pousr]_|github_pat_|AKIA|ASIA|ABIA|ACCA|A3T|AIza|ya29\\.|GOCSPX-|xox|xapp-|hooks\\.slack|eyJ|dapi|[srp]k_|sk-|SG\\.|npm_|pypi-|dckr_|hf_|gsk_|glsa_|hv[sbr]\\.|shp|dop_|whsec_|PMAK-|AGE-';
