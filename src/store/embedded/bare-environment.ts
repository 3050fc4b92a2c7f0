/**
 * What PostgreSQL's processes see of our environment: nothing, for no token of ours belongs into another user's
 * process. (Windows' need theirs.)
 */
export const bareEnvironment: { readonly env?: NodeJS.ProcessEnv } =
  process.platform === "win32" ? {} : { env: { LC_ALL: "C", PATH: "/usr/local/bin:/usr/bin:/bin" } };
