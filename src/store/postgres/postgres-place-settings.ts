import { z } from "zod";
import type { PlaceRules, PlaceSettings } from "../../conversation/ports/place-settings.ts";
import { type Postgres, type Statement, toJson } from "./connect-postgres.ts";

/** The table `place_settings`. Read anew each time, by its key: every instance obeys at once, and no hint can get lost. */
export function postgresPlaceSettings({ query }: Postgres): PlaceSettings {
  return {
    async find({ channel, id }) {
      const [row] = await query<{ settings: unknown }>(find, [channel, id]);
      return readRules(row?.settings ?? {});
    },
    async save({ channel, id }, rules) {
      await query(save, [channel, id, toJson(written.parse(rules))]);
    },
  };
}

/** What another version wrote and this one does not understand counts as not decided, each rule for itself. */
function readRules(settings: unknown): PlaceRules {
  const { mode, channelIds, roleIds } = kept.parse(settings);
  return { ...(mode && { mode }), ...(channelIds && { channelIds }), ...(roleIds && { roleIds }) };
}

const mode = z.enum(["thread", "reply", "slash"]);
const ids = z.array(z.string().min(1)).min(1).max(100);
const written = z.strictObject({
  mode: mode.optional(),
  channelIds: ids.optional(),
  roleIds: ids.optional(),
});
const kept = z
  .object({
    mode: mode.optional().catch(undefined),
    channelIds: ids.optional().catch(undefined),
    roleIds: ids.optional().catch(undefined),
  })
  .catch({});

const find: Statement = {
  name: "find-place-settings",
  text: `select settings from place_settings where channel = $1 and place = $2`,
};

const save: Statement = {
  name: "save-place-settings",
  text: `insert into place_settings (channel, place, settings) values ($1, $2, $3::jsonb)
    on conflict (channel, place) do update set settings = excluded.settings, changed_at = now()`,
};
