import { settings } from "../../src/config.ts";

type Setting = { readonly about: string; readonly default?: string; readonly secret?: true };

const lineLengthMax = 100;
const head = `# Parley's settings. Copy this file to .env and remove the # before what you set; everything is optional.
# A secret may instead stand in a file: NAME_FILE=/path/to/it. Made by: npm run check -- --write
`;

/** The text of `.env.example`: every setting of the configuration, in its order. */
export function writeEnvExample(): string {
  const blocks = Object.entries<Setting>(settings).map(
    ([name, setting]) => `${wrap(setting.about)}\n# ${name}=${setting.default ?? ""}\n`,
  );
  return [head, ...blocks].join("\n");
}

/** As comment lines; a value that follows a single # can be told from them by its name. */
function wrap(text: string): string {
  const lines: string[] = [];
  let line = "##";
  for (const word of text.split(" ")) {
    if (line.length + word.length >= lineLengthMax) {
      lines.push(line);
      line = "##";
    }
    line += ` ${word}`;
  }
  return [...lines, line].join("\n");
}
