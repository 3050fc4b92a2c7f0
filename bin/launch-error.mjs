/** Its message is all that the user needs to see. */
export class LaunchError extends Error {
  name = "LaunchError";
}
