import { isSecret, settings, type SettingName } from "../../src/config.ts";

type Setting = { readonly about: string; readonly default?: string };

const begin = "<!-- settings -->\n";
const end = "<!-- /settings -->";

/** The README with its table of settings as the configuration has them. */
export function writeReadmeSettings(readme: string): string {
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from < 0 || to < from) throw new Error(`README.md has no place for the settings: ${begin.trim()} … ${end}`);
  return readme.slice(0, from + begin.length) + table() + readme.slice(to);
}

function table(): string {
  const rows = Object.entries<Setting>(settings).map(([name, setting]) => {
    const mark = isSecret(name as SettingName) ? " 🔒" : "";
    const standard = setting.default ? `\`${setting.default.replaceAll("|", "\\|")}\`` : "";
    return `| \`${name}\`${mark} | ${standard} | ${setting.about.replaceAll("|", "\\|")} |`;
  });
  return ["| Setting | Without it | What it does |", "| --- | --- | --- |", ...rows, ""].join("\n");
}
